/** The client in other runtimes, against real apps and through a path that breaks. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { APPS, type App } from './support/apps.js';
import { bundleAsker, CHILD_RUNTIMES, RuntimeChild } from './support/child.js';
import { afterBeats } from './support/gate.js';
import {
  asksBeforeItListens,
  getsDocumentOverBrokenPath,
  readsOverBadPath,
} from './support/journeys.js';
import { TestServer } from './support/servers.js';

async function serve(app: App) {
  const { gate, onBeat } = afterBeats(2);
  return TestServer.start(await app(gate.opened, onBeat));
}

describe.each(CHILD_RUNTIMES)('on $name', ({ command }) => {
  let child: RuntimeChild;
  beforeAll(async () => {
    child = new RuntimeChild(command(), await bundleAsker());
  });
  afterAll(() => child.kill());

  test.each(APPS)(
    '%s: a held answer has its true status, and its payload alone',
    async (_, app) => {
      const said: string[] = [];
      for (const path of ['created', 'refused', 'nothing']) {
        await using server = await serve(app);
        const holdOpen = { retry: false } as const;
        const question = { wants: 'answer', holdOpen, timeoutMs: 20_000 } as const;
        said.push(await child.ask({ ...question, url: server.url + path }));
      }
      expect(said).toEqual(['201 "{\\"made\\":\\"ü\\"}"', '422 "{\\"why\\":\\"no\\"}"', '204 ""']);
    },
  );

  test('every event of a run comes once and in order through a path that breaks all the time', () =>
    readsOverBadPath((question) => child.ask(question)));

  test('a document survives its connection, and its work is done once', () =>
    getsDocumentOverBrokenPath((question) => child.ask(question)));

  test('a connection that was never made is tried again, also for a POST', async () => {
    expect(await asksBeforeItListens((question) => child.ask(question))).toBe('200 "\\"late\\""');
  });
});
