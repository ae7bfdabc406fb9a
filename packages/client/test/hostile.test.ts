/** What becomes of each hostile server, in each runtime, as a table. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, ENOUGH, type Question } from './support/asker.js';
import { bundleAsker, CHILD_RUNTIMES, RuntimeChild } from './support/child.js';
import { HOSTILE, type Hostile } from './support/hostile.js';
import { RawServer } from './support/raw-server.js';

const PATIENCE_MS = 400;

const asking = (url: string, wants: Question['wants']): Question => ({
  ...{ url, wants, timeoutMs: 8 * PATIENCE_MS },
  holdOpen: { retry: false, maxSilenceMs: PATIENCE_MS },
});

type Asks = (question: Question) => Promise<string>;
type Row = readonly [name: string, fetched: string, events: string];

async function play({ name, answer }: Hostile, asks: Asks): Promise<Row> {
  await using server = await RawServer.start((socket) => void answer(socket));
  const fetched = await asks(asking(server.url, 'answer'));
  const events = await asks(asking(server.url, 'events'));
  // A POST without a key: whatever happens, its work is not begun twice.
  expect(server.requests.length).toBe(2);
  return [name, fetched, events];
}

function show(title: string, rows: readonly Row[]): void {
  const columns = (row: Row): string => {
    const [name, fetched, events] = row.map((text) => text.replace(/(?:[ \\tr]){20,}/g, '…'));
    return `  ${name?.padEnd(56)} ${fetched?.padEnd(36)} ${events}`;
  };
  const head: Row = ['what the server does', 'holdFetch', 'holdEvents'];
  console.log([title, ...[head, ...rows].map(columns)].join('\n'));
}

describe('on the Node of the tests', () => {
  const rows: Row[] = [];
  afterAll(() => show(`Hostile servers, on Node ${process.version}`, rows));

  test.each(HOSTILE)('$name', async (hostile) => {
    const row = await play(hostile, ask);
    rows.push(row);
    expect(row.slice(1)).toEqual([hostile.fetched, hostile.events]);
  });
});

/** Runtimes see different things of one break, and have different words for it. */
const BREAK = /\b(?:CLOSED|RESET|TRUNCATED|PROTOCOL|NETWORK)\b/;
const alike = (said: string): string => said.replace(BREAK, 'broken');

describe.each(CHILD_RUNTIMES)('on $name', ({ name, command }) => {
  const rows: Row[] = [];
  let child: RuntimeChild;
  beforeAll(async () => {
    child = new RuntimeChild(command(), await bundleAsker());
  });
  afterAll(() => {
    child.kill();
    show(`Hostile servers, on ${name}`, rows);
  });

  // What never ends does so in every runtime for the same reason, and takes its time.
  test.each(HOSTILE.filter(({ fetched }) => fetched !== ENOUGH))('$name', async (hostile) => {
    const row = await play(hostile, (question) => child.ask(question));
    rows.push(row);
    expect(row.slice(1).map(alike)).toEqual([hostile.fetched, hostile.events].map(alike));
  });
});
