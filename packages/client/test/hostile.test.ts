/** What becomes of each hostile server, in each runtime, as a table. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, ENOUGH } from './support/ask.js';
import { bundleAsker, CHILD_RUNTIMES, RuntimeChild } from './support/child.js';
import { HOSTILE } from './support/hostile.js';
import { play, type Row, show } from './support/hostile-table.js';

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
