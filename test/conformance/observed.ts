// In the child process: what happened inside, to be read back over HTTP.
import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';

export interface Note {
  readonly what: string;
  readonly [detail: string]: unknown;
}

const notes = new Map<string, Note[]>();
const beatsByHold = new Map<string, number>();
const openGates = new Set<string>();

/** Which row, on which target, a request belongs to: its first two labels of `Host`. */
export type Key = string;

/** The async context of each request, made around the whole app. */
export const context = new AsyncLocalStorage<Key>();

export function note(key: Key, what: string, details: Record<string, unknown> = {}): void {
  const list = notes.get(key) ?? [];
  list.push({ what, ...details });
  notes.set(key, list);
}

export function notesOf(key: Key): readonly Note[] {
  return notes.get(key) ?? [];
}

export function countBeat(holdId: string): void {
  beatsByHold.set(holdId, beatsOf(holdId) + 1);
}

export function beatsOf(holdId: string): number {
  return beatsByHold.get(holdId) ?? 0;
}

export function openGate(key: Key): void {
  openGates.add(key);
}

export function isOpen(key: Key): boolean {
  return openGates.has(key);
}

/** Notes why responses that were about to be held pass as they are. */
export function observeUntouched(): void {
  subscribe('holdopen:untouched', (message) => {
    const { reason, request } = message as { reason: string; request: unknown };
    note(keyOf(hostOf(request)).key, 'untouched', { reason });
  });
}

/** `late-201.h1.held` is the row late-201 on the target h1. */
export function keyOf(host: string | undefined): { key: Key; row: string; kind: string } {
  const [row = '', target = '', kind = ''] = (host ?? '').split(':')[0]?.split('.') ?? [];
  return { key: `${row}.${target}`, row, kind };
}

/** The host of a request of any framework. */
export function hostOf(request: unknown): string | undefined {
  const { headers } = request as { headers?: unknown };
  if (headers instanceof Headers) {
    return headers.get('host') ?? new URL((request as Request).url).host;
  }
  if (typeof headers === 'object' && headers !== null) {
    const { host, ':authority': authority } = headers as Record<string, string | undefined>;
    return host ?? authority;
  }
  // Hono's context.
  const raw: unknown = Reflect.get(Reflect.get(request as object, 'req') ?? {}, 'raw');
  return raw === undefined ? undefined : hostOf(raw);
}

/** A header of a request of any framework. */
export function headerOf(request: unknown, name: string): string | undefined {
  const { headers } = request as { headers?: unknown };
  if (headers instanceof Headers) return headers.get(name) ?? undefined;
  if (typeof headers === 'object' && headers !== null) {
    return (headers as Record<string, string | undefined>)[name];
  }
  const raw: unknown = Reflect.get(Reflect.get(request as object, 'req') ?? {}, 'raw');
  return raw === undefined ? undefined : headerOf(raw, name);
}
