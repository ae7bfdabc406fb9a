/** What a client of the soak asks for. */
export interface Task {
  readonly kind: 'document' | 'failure' | 'events';
  readonly id: number;
  /** Before the document, or between two events. */
  readonly silentMs: number;
  /** Characters of the document, or how many events. */
  readonly size: number;
}

export function documentOf({ id, size }: Task): { id: number; text: string } {
  return { id, text: `"{\\n${'x'.repeat(size)}` };
}

export function eventsOf({ id, size }: Task): string[] {
  return Array.from({ length: size }, (_, index) => `${id} ${index}`);
}

/** The longest silence of a handler. */
export const MAX_SILENT_MS = 12_000;

let lastId = 0;

/** By chance: documents small and large, failures, streams with gaps, and some that come at once. */
export function nextTask(): Task {
  lastId += 1;
  const kind = pick(['document', 'document', 'failure', 'events'] as const);
  const silentMs = Math.random() < 0.2 ? 0 : Math.random() * MAX_SILENT_MS;
  if (kind === 'events') {
    return { kind, id: lastId, silentMs: silentMs / 4, size: 1 + Math.floor(Math.random() * 12) };
  }
  return { kind, id: lastId, silentMs, size: Math.random() < 0.05 ? 300_000 : 200 };
}

export function pick<Value>(values: readonly [Value, ...Value[]] | readonly Value[]): Value {
  const value = values[Math.floor(Math.random() * values.length)];
  if (value === undefined) throw new Error('there is nothing to pick from');
  return value;
}
