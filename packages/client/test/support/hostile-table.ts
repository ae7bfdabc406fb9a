import { expect } from 'vitest';
import { type Asks, ENOUGH, type Question } from './ask.js';
import type { Hostile } from './hostile.js';
import { RawServer } from './raw-server.js';

const PATIENCE_MS = 400;

interface PlayOptions {
  /** The silence that is a stall. */
  readonly patienceMs?: number;
  /** What has to be done before the server is asked. */
  readonly before?: (server: RawServer) => Promise<void>;
}

export type Row = readonly [name: string, fetched: string, events: string];

/** Has both functions ask a hostile server, and says what became of it. */
export async function play(
  { name, answer, fetched }: Hostile,
  asks: Asks,
  { patienceMs = PATIENCE_MS, before }: PlayOptions = {},
): Promise<Row> {
  await using server = await RawServer.start((socket) => void answer(socket));
  await before?.(server);
  // What never ends is left when it has outlived the watchdog; all else ends long before.
  const timeoutMs = (fetched === ENOUGH ? 3 : 20) * patienceMs;
  const holdOpen = { retry: false, maxSilenceMs: patienceMs } as const;
  const asking = (wants: Question['wants']): Question => ({
    ...{ url: server.url, wants, timeoutMs, holdOpen },
  });
  const row = [name, await asks(asking('answer')), await asks(asking('events'))] as const;
  // A POST without a key: whatever happens, its work is not begun twice.
  expect(server.requests.length).toBe(2);
  return row;
}

export function show(title: string, rows: readonly Row[]): void {
  const columns = (row: Row): string => {
    const [name, fetched, events] = row.map((text) => text.replace(/(?:[ \\tr]){20,}/g, '…'));
    return `  ${name?.padEnd(56)} ${fetched?.padEnd(36)} ${events}`;
  };
  const head: Row = ['what the server does', 'holdFetch', 'holdEvents'];
  console.log([title, ...[head, ...rows].map(columns)].join('\n'));
}
