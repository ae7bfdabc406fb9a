import { expect } from 'vitest';
import { type Asks, ENOUGH, type Question } from './ask.js';
import type { Hostile } from './hostile.js';
import { RawServer } from './raw-server.js';

const PATIENCE_MS = 400;

export type Row = readonly [name: string, fetched: string, events: string];

/** Has both functions ask a hostile server, and says what became of it. */
export async function play({ name, answer, fetched }: Hostile, asks: Asks): Promise<Row> {
  await using server = await RawServer.start((socket) => void answer(socket));
  // What never ends is left when it has outlived the watchdog; all else ends long before.
  const timeoutMs = (fetched === ENOUGH ? 3 : 20) * PATIENCE_MS;
  const holdOpen = { retry: false, maxSilenceMs: PATIENCE_MS } as const;
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
