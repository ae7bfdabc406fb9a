/** The client in other runtimes, against real apps and through a path that breaks. */
import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../../../test/support/until.js';
import { APPS, type App } from './support/apps.js';
import { BadPath } from './support/bad-path.js';
import { bundleAsker, CHILD_RUNTIMES, RuntimeChild } from './support/child.js';
import { afterBeats } from './support/gate.js';
import { numbers, RunServer } from './support/run-server.js';
import { TestServer } from './support/servers.js';

const KEYED = { idempotencyKey: true, retry: { baseMs: 5 } } as const;

async function serve(app: App) {
  const { gate, onBeat } = afterBeats(2);
  return TestServer.start(await app(gate.opened, onBeat));
}

describe.each(CHILD_RUNTIMES)('on $name', ({ name, command }) => {
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
      // Bun's fetch forgets the last bytes if the cut comes in the same packet.
      const refused = '422 "{\\"why\\":\\"no\\"}"';
      expect(name === 'Bun' ? [refused, 'RESET'] : [refused]).toContain(said.splice(1, 1)[0]);
      expect(said).toEqual(['201 "{\\"made\\":\\"ü\\"}"', '204 ""']);
    },
  );

  test('every event of a run comes once and in order through a path that breaks all the time', async () => {
    await using server = await RunServer.start((self) => numbers(40, self));
    server.gate.open();
    let carried = 400;
    await using path = await BadPath.to(server.port, {
      maxBytes() {
        carried += 300;
        return carried;
      },
    });
    const said = await child.ask({
      ...{ url: path.url, wants: 'events', holdOpen: KEYED, timeoutMs: 25_000 },
    });
    const all = Array.from({ length: 40 }, (_, index) => `${index}`);
    expect(said).toBe([...all, 'the end'].join(', then '));
    expect(server.starts).toBe(1);
    expect(path.connections).toBeGreaterThan(3);
  });

  test('a document survives its connection, and its work is done once', async () => {
    await using server = await RunServer.start(async (self) => {
      await self.gate.opened;
      return Response.json({ answer: 42 }, { status: 201 });
    });
    await using path = await BadPath.to(server.port);
    const asked = child.ask({
      ...{ url: path.url, wants: 'answer', holdOpen: KEYED, timeoutMs: 25_000 },
    });
    await until('the work has begun', () => server.starts === 1);
    path.breakAll();
    await until('the client is back', () => server.requests.length >= 2);
    server.gate.open();
    expect(await asked).toBe('201 "{\\"answer\\":42}"');
    expect(server.starts).toBe(1);
  });

  test('a connection that was never made is tried again, also for a POST', async () => {
    const server = createServer((_, response) => response.end('"late"'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    const holdOpen = { retry: { baseMs: 200, maxAttempts: 12 } } as const;
    const url = `http://127.0.0.1:${port}/`;
    const asked = child.ask({ url, wants: 'answer', holdOpen, timeoutMs: 25_000 });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    expect(await asked).toBe('200 "\\"late\\""');
    server.closeAllConnections();
    server.close();
  });
});
