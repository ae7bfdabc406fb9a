// What checks of many rows have in common. Runs in the tests; the apps import it and never call it.
import type { UntouchedReason } from '@holdopen/core';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { anyPrefixParses, type HeldJson, readHeldJson } from '../../support/held-json.js';
import type { Cell } from '../cell.js';
import type { Reply } from '../client/exchange.js';
import { QUICK } from '../instrumented.js';
import type { Exception } from '../row.js';
import type { Runtime, Target } from '../targets.js';

/** It was held in this format, and its head says so. */
export function isHeld(reply: Reply, { expect }: Cell, format = 'json'): void {
  expect(reply.status).toBe(200);
  expect(reply.headers.holdopen).toBe(`interval=${QUICK.intervalMs}, format=${format}`);
}

export function isUntouched(reply: Reply, { expect }: Cell): void {
  expect(reply.headers).not.toHaveProperty('holdopen');
  expect(reply.headers['cache-control'] ?? '').not.toContain('no-transform');
  expect(reply.ended).toBe('complete');
}

/** Nothing was touched, and whoever watches is told why. */
export async function isUntouchedFor(
  reason: UntouchedReason,
  reply: Reply,
  cell: Cell,
): Promise<void> {
  isUntouched(reply, cell);
  cell.expect(await cell.noted('untouched')).toMatchObject({ reason });
}

/** A held JSON answer that came to its end. */
export function heldPayload(reply: Reply, cell: Cell): HeldJson {
  isHeld(reply, cell);
  cell.expect(reply.ended).toBe('complete');
  const read = readHeldJson(reply.body);
  cell.expect(read.beats).toBeGreaterThan(0);
  return read;
}

/** Over HTTP/1.0 a reset is all that tells a cut from the end; the row late-cut says who has none. */
function showsCuts({ target }: Cell): boolean {
  const { protocol, runtime } = target;
  return protocol !== 'HTTP/1.0' || runtime === 'Bun' || !isByFetch(target);
}

/** The response goes out by fetch, with no response of Node's below. */
export function isByFetch({ app, runtime }: Pick<Target, 'app' | 'runtime'>): boolean {
  return app === 'fetch' || (app === 'hono' && !runtime.endsWith('Node'));
}

export function isCut(reply: Reply, cell: Cell): void {
  if (showsCuts(cell)) cell.expect(reply.ended).toBe('cut');
}

export interface CutError {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly error: Record<string, unknown>;
}

/** A held JSON answer that failed: nothing that a parser takes, and the error for who adds a brace. */
export function cutError(reply: Reply, cell: Cell): CutError {
  const { expect } = cell;
  isHeld(reply, cell);
  isCut(reply, cell);
  expect(anyPrefixParses(reply.body)).toBe(false);
  const { lateHead, payload } = readHeldJson(reply.body);
  return {
    status: lateHead?.status,
    headers: Object.fromEntries(lateHead?.headers ?? []),
    error: JSON.parse(`${payload}}`) as Record<string, unknown>,
  };
}

export interface ReadEvents {
  readonly events: readonly EventSourceMessage[];
  readonly comments: readonly string[];
}

export function readEvents(body: string): ReadEvents {
  const events: EventSourceMessage[] = [];
  const comments: string[] = [];
  const parser = createParser({
    onEvent: (event) => events.push(event),
    onComment: (comment) => comments.push(comment),
  });
  parser.feed(body);
  return { events, comments };
}

/** The events' data. */
export function dataOf(body: string): string[] {
  return readEvents(body).events.map(({ data }) => data);
}

export const NOT_FETCH_HEADERS: Exception = {
  where: { app: 'fetch' },
  because:
    'A fetch handler gives its headers together with its Response, so none are known before; the option `headers` stands in.',
};

/** Where holdOpen has to be the very first middleware of Hono. */
export const FIRST_IN_HONO: readonly Exception[] = (['Bun', 'Deno', 'workerd'] as const).map(
  (runtime) => ({
    where: { app: 'hono', runtime },
    because: 'There holdOpen has to be the very first middleware, and says so in its error.',
  }),
);

/** Where fetch is all there is. */
export function notByFetch(
  because: string,
  where: Partial<Pick<Target, 'protocol'>> = {},
  runtimes: readonly Runtime[] = ['Node', 'newest Node', 'Bun', 'Deno', 'workerd'],
): readonly Exception[] {
  return runtimes.flatMap((runtime) =>
    (['fetch', 'hono'] as const)
      .filter((app) => isByFetch({ app, runtime }))
      .map((app) => ({ where: { app, runtime, ...where }, because })),
  );
}

export const HTTP_1_1_ONLY: readonly Exception[] = [
  { where: { protocol: 'HTTP/1.0' }, because: 'The row is about HTTP/1.1.' },
  { where: { protocol: 'HTTP/2' }, because: 'The row is about HTTP/1.1.' },
];
