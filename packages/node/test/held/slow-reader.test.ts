import { expect, test } from 'vitest';
import { registry } from '../../src/index.js';
import { requestText } from './support/ask.js';
import { serveHeld } from './support/serve.js';
import { held, quiet, until } from './support/wait.js';

const BULK = 'x'.repeat(16 * 1024 * 1024);

test.each([
  [
    'of a held document',
    async (req: import('node:http').IncomingMessage, res: import('node:http').ServerResponse) => {
      await held(req);
      res.write(`["${BULK}",`);
    },
    ' 1]',
  ],
  [
    'of an event stream',
    (_req: import('node:http').IncomingMessage, res: import('node:http').ServerResponse) => {
      res.writeHead(200, { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
      res.write(`data: ${BULK}\n\n`);
    },
    'data: 2\n\n',
  ],
])('while the reader %s is slow beats are dropped, never queued', async (_what, begin, rest) => {
  let end = (): void => {};
  const served = await serveHeld(async (req, res) => {
    await begin(req, res);
    end = () => void res.end(rest);
  });
  const client = await served.connect();
  client.send(requestText());
  await client.arrived('HTTP/1.1 200');
  client.socket.pause();
  await until('the handler has written', () => end.length === 0 && registry.size === 1);
  await quiet(100);
  const [hold] = registry.active();
  const before = { beats: hold?.beats, dropped: hold?.beatsDropped ?? 0 };
  await until('many beats were dropped', () => (hold?.beatsDropped ?? 0) > before.dropped + 5);
  expect(hold?.beats).toBe(before.beats);
  end();
  client.socket.resume();
  const response = await client.response();
  expect(response.complete).toBe(true);
  const [, behind = ''] = response.body.split(BULK);
  // Not one byte of a beat waited in a queue.
  expect(behind.length).toBeLessThanOrEqual(`\n\n: holdopen interval=60\n\n`.length + rest.length);
  expect(behind.endsWith(rest)).toBe(true);
});

test('memory stays flat while nobody reads', async () => {
  const served = await serveHeld(
    async (req, res) => {
      await held(req);
      res.write(`["${'y'.repeat(1024 * 1024 * 8)}",`);
    },
    { intervalMs: 50 },
  );
  const client = await served.connect();
  client.send(requestText());
  await client.arrived('HoldOpen');
  client.socket.pause();
  await quiet(200);
  const [socket] = served.connections;
  const queued = socket?.writableLength ?? 0;
  expect(queued).toBeGreaterThan(0);
  await quiet(500);
  expect(socket?.writableLength).toBe(queued);
});

test('a reader that never empties its socket gets no beat, and beats go on when it does', async () => {
  const served = await serveHeld(async (req, res) => {
    await held(req);
    res.write(`["${BULK}",`);
    await until('the test is over', () => res.destroyed);
  });
  const client = await served.connect();
  client.send(requestText());
  await client.arrived('HoldOpen');
  client.socket.pause();
  await quiet(300);
  client.socket.resume();
  await until('beats come behind the bulk', () => {
    const last = client.arrivals.at(-1)?.bytes.toString('latin1') ?? '';
    return client.arrivals.length > 10 && /^1\r\n\n\r\n$/.test(last);
  });
});
