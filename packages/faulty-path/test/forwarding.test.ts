import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test, vi } from 'vitest';
import { createFaultyPath } from '../src/index.js';
import { dial, errorOf, join, openPath, readAll, silentServer } from './support/ends.js';

const server = silentServer();

test('a half-closed connection still carries the answer', async () => {
  const { path, client, target } = await join({ target: server.port });
  client.end('question');
  expect(await readAll(target)).toBe('question');
  target.end('answer');
  expect(await readAll(client)).toBe('answer');
  expect(await errorOf(target)).toBeNull();
  expect(await path.closed(1)).toMatchObject({
    plan: [],
    state: 'closed',
    requestBytes: 8,
    responseBytes: 6,
    end: { by: 'client', how: 'fin' },
  });
});

test('a slow reader stops the sender, and still gets every byte', async () => {
  const total = 64 * 1024 * 1024;
  const { path, client, target } = await join({ target: server.port });
  const piece = randomBytes(1024 * 1024);
  const sent = createHash('sha256');
  for (let i = 0; i < total / piece.length; i++) {
    client.write(piece);
    sent.update(piece);
  }
  client.end();

  // Nobody reads: what the kernel's buffers hold goes through, then nothing.
  let before = -1;
  await vi.waitFor(
    () => {
      const passed = path.connections[0]?.requestBytes ?? 0;
      const still = passed === before;
      before = passed;
      expect(still && passed > 0).toBe(true);
    },
    { interval: 500, timeout: 20_000 },
  );
  expect(before).toBeLessThan(total / 2);

  const received = createHash('sha256');
  for await (const bytes of target) received.update(bytes);
  expect(path.connections[0]?.requestBytes).toBe(total);
  expect(received.digest('hex')).toBe(sent.digest('hex'));
});

test('a reset by the server is a reset for the client', async () => {
  const { path, client, target } = await join({ target: server.port });
  target.resetAndDestroy();
  expect(await errorOf(client)).toMatchObject({ code: 'ECONNRESET' });
  expect((await path.closed(1)).end).toEqual({ by: 'target', how: 'rst' });
});

test('a reset by the client is a reset for the server', async () => {
  const { path, client, target } = await join({ target: server.port });
  client.resetAndDestroy();
  expect(await errorOf(target)).toMatchObject({ code: 'ECONNRESET' });
  expect((await path.closed(1)).end).toEqual({ by: 'client', how: 'rst' });
});

test('shows the bytes of both directions in order', async () => {
  const seen: string[] = [];
  const { client, target } = await join({
    target: server.port,
    onBytes: (bytes, from, { number }) => seen.push(`${number} ${from}: ${bytes}`),
  });
  client.end('question');
  await readAll(target);
  target.end('answer');
  await readAll(client);
  expect(seen).toEqual(['1 client: question', '1 target: answer']);
});

test('a client of a target that does not listen is reset, and the end says so', async () => {
  const target = server.port;
  await server.stop();
  const path = await openPath({ target });
  expect(await errorOf(dial(path))).toMatchObject({ code: 'ECONNRESET' });
  expect((await path.closed(1)).end).toEqual({ by: 'target', how: 'refused' });
});

test.each([
  ['host:port', (port: number) => `127.0.0.1:${port}`],
  ['a URL', (port: number) => new URL(`http://127.0.0.1:${port}/path`)],
  ['an object', (port: number) => ({ host: '127.0.0.1', port })],
])('%s is a target', async (_name, target) => {
  const { client, target: end } = await join({ target: target(server.port) });
  client.end('x');
  expect(await readAll(end)).toBe('x');
});

test('a target that is a function is asked for each connection', async () => {
  const asked: number[] = [];
  const { path } = await join({
    target(number) {
      asked.push(number);
      return server.port;
    },
  });
  dial(path);
  await path.waitFor(({ connections }) => connections.length === 2);
  expect(asked).toEqual([1, 2]);
});

test('close ends the connections that are open, and the port is free', async () => {
  const { path, client, target } = await join({ target: server.port });
  client.resume();
  target.resume();
  const ended = once(client, 'end');
  await path.close();
  await ended;
  expect(path.connections[0]).toMatchObject({
    state: 'closed',
    end: { by: 'path', how: 'fin', why: 'close' },
  });
  await using again = await createFaultyPath({ target: 1, port: path.port });
  expect(again.port).toBe(path.port);
});

test('a taken port is an error', async () => {
  await expect(createFaultyPath({ target: 1, port: server.port })).rejects.toMatchObject({
    code: 'EADDRINUSE',
  });
});

test('waiting in vain says what was waited for, with the seed and every connection', async () => {
  const { path } = await join({
    target: server.port,
    seed: 7,
    faults: [{ type: 'idle-kill', afterMs: 60_000 }],
  });
  await expect(path.closed(1, { timeoutMs: 50 })).rejects.toThrow(
    'waited 50 ms in vain: faulty path, seed 7\n  #1 idle-kill afterMs=60000 how=rst: 0 bytes up, 0 down, open',
  );
});

test('a wait that cannot come true any more fails at the close', async () => {
  const { path } = await join({ target: server.port });
  const waiting = expect(path.closed(2)).rejects.toMatchObject({ code: 'closed' });
  await path.close();
  await waiting;
});

test('nothing is left of a path that was closed: no socket, no timer', async () => {
  const program = fileURLToPath(new URL('./support/leftovers.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', program]);
  expect(JSON.parse(stdout)).toEqual({ while: { Timeout: true, TCPSocketWrap: true }, after: [] });
});
