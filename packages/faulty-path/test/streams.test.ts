import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createFaultyPath, type FaultyPath } from '../src/index.js';

/** Answers with what it got, and ends when the client has. */
const server = createServer({ allowHalfOpen: true }, (socket) => {
  socket.on('error', () => {});
  socket.pipe(socket);
});
let port = 0;

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});
afterAll(() => server.close());

async function echo(path: FaultyPath, pieces: readonly Uint8Array[]): Promise<Buffer> {
  const client = connect({ port: path.port, host: '127.0.0.1', allowHalfOpen: true });
  const got: Buffer[] = [];
  client.on('data', (bytes) => got.push(bytes));
  for (const piece of pieces) client.write(piece);
  client.end();
  await once(client, 'close');
  return Buffer.concat(got);
}

const streams = fc.array(fc.uint8Array({ maxLength: 40_000 }), { maxLength: 12 });

test('without faults any stream of bytes passes both ways unchanged', async () => {
  await using path = await createFaultyPath({ target: port });
  await fc.assert(
    fc.asyncProperty(streams, async (pieces) => {
      expect((await echo(path, pieces)).equals(Buffer.concat(pieces))).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test('what only delays and gathers changes no byte either', async () => {
  await fc.assert(
    fc.asyncProperty(streams, fc.integer(), async (pieces, seed) => {
      await using path = await createFaultyPath({
        target: port,
        seed,
        faults: [
          { type: 'latency', delayMs: [0, 5], jitterMs: [0, 5], chance: 0.7 },
          { type: 'throttle', bytesPerSecond: [4_000_000, 50_000_000], chance: 0.7 },
          { type: 'burst', everyMs: [1, 20], chance: 0.7 },
          { type: 'late-fin', delayMs: [0, 20], chance: 0.7 },
        ],
      });
      expect((await echo(path, pieces)).equals(Buffer.concat(pieces))).toBe(true);
    }),
    { numRuns: 40 },
  );
});

test('a cut leaves exactly the bytes before it, wherever it is', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ minLength: 1, maxLength: 90_000 }),
      fc.nat(),
      async (body, at) => {
        const atByte = at % body.length;
        await using path = await createFaultyPath({
          target: port,
          faults: [{ type: 'cut', atByte, how: 'fin' }],
        });
        expect(await echo(path, [body])).toEqual(Buffer.from(body.subarray(0, atByte)));
      },
    ),
    { numRuns: 60 },
  );
});

test('a thousand connections at a time: each has its bytes, and none is left', async () => {
  await using path = await createFaultyPath({
    target: port,
    faults: [{ type: 'latency', delayMs: [0, 200] }],
  });
  const answers = await Promise.all(
    Array.from({ length: 1_000 }, (_, i) => echo(path, [Buffer.from(`connection ${i}`)])),
  );
  expect(answers.map(String)).toEqual(answers.map((_, i) => `connection ${i}`));
  await path.waitFor(({ connections }) => connections.every(({ state }) => state === 'closed'));
  expect(path.connections).toHaveLength(1_000);
});

test('a thousand connections are killed at once', async () => {
  await using path = await createFaultyPath({ target: port });
  const clients: Socket[] = Array.from({ length: 1_000 }, () =>
    connect(path.port, '127.0.0.1').on('error', () => {}),
  );
  await path.waitFor(({ connections }) => connections.length === 1_000);
  const closed = clients.map(
    (client) => new Promise((resolve) => client.resume().once('close', resolve)),
  );
  expect(path.killAll()).toBe(1_000);
  await Promise.all(closed);
  await path.waitFor(({ connections }) => connections.every(({ end }) => end?.why === 'killAll'));
});

test.each([
  ['latency', { type: 'latency', delayMs: 20 }],
  ['latency of none', { type: 'latency', delayMs: 0 }],
  ['a throttle', { type: 'throttle', bytesPerSecond: 50_000_000 }],
  ['a late FIN', { type: 'late-fin', delayMs: 20 }],
  ['bursts', { type: 'burst', everyMs: 20 }],
] as const)(
  'megabytes that come faster than they are taken do not get stuck in %s',
  async (_name, fault) => {
    await using path = await createFaultyPath({ target: port, faults: [fault] });
    const piece = Buffer.alloc(64 * 1024, 'x');
    const sent = await Promise.all(
      Array.from({ length: 8 }, () =>
        echo(
          path,
          Array.from({ length: 24 }, () => piece),
        ),
      ),
    );
    expect(sent.map(({ length }) => length)).toEqual(sent.map(() => 24 * piece.length));
  },
);
