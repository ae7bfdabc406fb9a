import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import http from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { ask } from './support/ask.js';
import { serveHeld } from './support/serve.js';
import { held, until } from './support/wait.js';

const MEGABYTE = 1024 * 1024;
const SIZE = 100 * MEGABYTE;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** How many bytes came, and whether the first and last of the payload are right. */
async function count(url: string): Promise<{ size: number; complete: boolean; last: string }> {
  const [response] = (await once(http.get(url), 'response')) as [http.IncomingMessage];
  let size = 0;
  let last = '';
  for await (const chunk of response) {
    const bytes = chunk as Buffer;
    size += bytes.length;
    last = bytes.subarray(-2).toString('latin1');
  }
  return { size, complete: response.complete, last };
}

test('100 MB that are streamed late pass with flat memory', async () => {
  let peak = 0;
  const piece = Buffer.alloc(MEGABYTE, 'z');
  const served = await serveHeld(async (req, res) => {
    await held(req);
    const used = (): number => {
      collectGarbage();
      const { heapUsed, external } = process.memoryUsage();
      return heapUsed + external;
    };
    const start = used();
    res.write('["');
    for (let i = 0; i < 100; i++) {
      if (!res.write(piece)) await once(res, 'drain');
      if (i % 10 !== 9) continue;
      peak = Math.max(peak, used() - start);
    }
    res.end('"]');
  });
  const { size, complete, last } = await count(served.url);
  expect(complete).toBe(true);
  expect(last).toBe('"]');
  expect(size).toBeGreaterThanOrEqual(SIZE + 5);
  expect(size).toBeLessThan(SIZE + 100);
  expect(peak).toBeLessThan(40 * MEGABYTE);
});

test('100 MB at once arrive whole', async () => {
  const payload = Buffer.concat([Buffer.from('["'), Buffer.alloc(SIZE, 'z'), Buffer.from('"]')]);
  const served = await serveHeld(async (req, res) => {
    await held(req);
    res.end(payload);
  });
  const { size, complete, last } = await count(served.url);
  expect(complete).toBe(true);
  expect(last).toBe('"]');
  expect(size).toBeGreaterThanOrEqual(payload.length + 1);
  expect(size).toBeLessThan(payload.length + 100);
});

test('an error body of 3 MB is not kept: the problem says so', async () => {
  const served = await serveHeld(async (req, res) => {
    await held(req);
    res.writeHead(500, { 'Content-Type': 'text/plain' });
    for (let i = 0; i < 3; i++) res.write(Buffer.alloc(MEGABYTE, 'e'));
    res.end();
  });
  const [response] = (await once(http.get(served.url), 'response')) as [http.IncomingMessage];
  let body = '';
  response.on('data', (chunk: Buffer) => {
    body += chunk.toString();
  });
  response.on('error', () => {});
  await until('the response is over', () => response.destroyed);
  expect(response.complete).toBe(false);
  expect(body.length).toBeLessThan(10_000);
  expect(JSON.parse(`${body}}`)).toMatchObject({
    completion_status: 500,
    detail: expect.stringContaining('too large'),
  });
});

test.each([
  ['numbers in lines', '12345,67890\n'],
  ['a number without end', '1234567890'],
])('%s under a JSON head are not kept in memory', async (_name, line) => {
  const chunk = line.repeat(20_000);
  let kept = 0;
  const served = await serveHeld(async (req, res) => {
    await held(req);
    res.setHeader('Content-Type', 'application/json');
    for (let i = 0; i < 20; i += 1) res.write(chunk);
    kept = 20 * chunk.length - res.writableLength - (res.socket?.bytesWritten ?? 0);
    res.end();
  });
  const reply = await ask(served);
  expect(reply.body.trimStart()).toBe(chunk.repeat(20).trimStart());
  expect(kept).toBeLessThan(2 * chunk.length);
});
