import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { burst, latency } from '../src/lane/schedules.js';
import { createDraw } from '../src/random.js';
import { gather, join, readAll, silentServer } from './support/ends.js';

const server = silentServer();

describe('latency', () => {
  test('delays both directions, the end too, and keeps the order', async () => {
    const { client, target } = await join({
      target: server.port,
      faults: [{ type: 'latency', delayMs: 150, jitterMs: 50 }],
    });
    const start = performance.now();
    client.write('one ');
    await delay(5);
    client.write('two ');
    await delay(5);
    client.end('three');
    expect(await readAll(target)).toBe('one two three');
    target.end('answer');
    expect(await readAll(client)).toBe('answer');
    expect(performance.now() - start).toBeGreaterThanOrEqual(299);
  });

  test('of one direction leaves the other as quick as it was', async () => {
    const { client, target } = await join({
      target: server.port,
      faults: [{ type: 'latency', delayMs: 20_000, of: 'response' }],
    });
    client.end('question');
    expect(await readAll(target)).toBe('question');
  });
});

describe('throttle', () => {
  test('lets so many bytes through in a second, whole and in order', async () => {
    const { client, target } = await join({
      target: server.port,
      faults: [{ type: 'throttle', bytesPerSecond: 20_000, of: 'response' }],
    });
    const body = Array.from({ length: 10_000 }, (_, i) => String(i % 10)).join('');
    const start = performance.now();
    target.end(body);
    expect(await readAll(client)).toBe(body);
    expect(performance.now() - start).toBeGreaterThan(450);
  });

  test('is felt by whoever sends: the back-pressure reaches the server', async () => {
    const { path, target } = await join({
      target: server.port,
      faults: [{ type: 'throttle', bytesPerSecond: 1_000, of: 'response' }],
    });
    const piece = Buffer.alloc(256 * 1024);
    const limit = 32 * 1024 * 1024;
    let written = 0;
    // Until the kernel takes no more for a while.
    for (let isFull = false; !isFull && written < limit; ) {
      const flushed = new Promise<boolean>((resolve) => {
        target.write(piece, () => resolve(true));
      });
      isFull = !(await Promise.race([flushed, delay(500, false)]));
      if (!isFull) written += piece.length;
    }
    expect(written).toBeLessThan(limit / 2);
    expect(path.connections[0]?.responseBytes).toBeLessThan(20_000);
  });
});

test('burst gathers small writes and gives them at once', async () => {
  const { client, target } = await join({
    target: server.port,
    faults: [{ type: 'burst', everyMs: 400 }],
  });
  const pieces: string[] = [];
  const start = performance.now();
  client.on('data', (bytes) => pieces.push(String(bytes)));
  for (let i = 0; i < 10; i++) {
    target.write(String(i));
    await delay(50);
  }
  target.end();
  await once(client, 'end');
  expect(pieces.join('')).toBe('0123456789');
  expect(pieces.length).toBeLessThanOrEqual(2 + (performance.now() - start) / 400);
});

test('late-fin: the last byte is there at once, the end comes later', async () => {
  const { client, target } = await join({
    target: server.port,
    faults: [{ type: 'late-fin', delayMs: 600 }],
  });
  const got = gather(client);
  const times: number[] = [];
  client.once('data', () => times.push(performance.now()));
  client.once('end', () => times.push(performance.now()));
  target.end('answer');
  await once(client, 'end');
  expect(got.text).toBe('answer');
  const [byte = 0, end = 0] = times;
  expect(end - byte).toBeGreaterThan(300);
});

test('a time without an end keeps all back, and no clock runs for it', () => {
  const endless = Number.POSITIVE_INFINITY;
  const gathered = burst({ type: 'burst', everyMs: endless, of: 'response' });
  const both = { type: 'latency', delayMs: 1, jitterMs: endless, of: 'both' } as const;
  for (const schedule of [gathered, latency(both, createDraw(1, 1))]) {
    expect(schedule.bytesDue(performance.now() + 1, 1)).toBe(endless);
    expect(schedule.endDue(performance.now() + 1)).toBe(endless);
  }
});
