import { expect, test } from 'vitest';
import { holdOpen, registry } from '../src/index.js';
import { ask, events, held, Pieces, QUICK, quiet, until } from './support/call.js';

test('beats leave only while somebody waits; the others are dropped, never queued', async () => {
  const { counters } = registry;
  const dropped = counters.beatsDropped;
  const pieces = new Pieces();
  const handler = holdOpen(async (request) => {
    await held(request);
    return new Response(pieces.body, { headers: { 'Content-Type': 'application/json' } });
  }, QUICK);
  const reader = (await handler(ask())).body?.getReader();
  await until('some beats were dropped', () => counters.beatsDropped >= dropped + 3);
  expect((await reader?.read())?.value).toEqual(Uint8Array.of(10));
  // There is nothing behind the first one.
  let next: Uint8Array | undefined;
  void reader?.read().then(({ value }) => {
    next = value;
  });
  await quiet(5);
  expect(next).toBeUndefined();
  await until('the next one comes in its own time', () => next !== undefined);
  expect(next).toEqual(Uint8Array.of(10));
  await reader?.cancel();
});

test("the handler's body is read once for each pull, and not ahead", async () => {
  const pieces = new Pieces();
  const response = holdOpen(() => events(pieces.body), QUICK)(ask());
  await quiet(150);
  expect(pieces.pulls).toBe(0);
  const reader = response.body?.getReader();
  for (let i = 1; i <= 3; i++) {
    const read = reader?.read();
    await until('it is asked for', () => pieces.pulls === i);
    pieces.give(`data: ${i}\n\n`);
    expect(new TextDecoder().decode((await read)?.value)).toBe(`data: ${i}\n\n`);
    await quiet(20);
    expect(pieces.pulls).toBe(i);
  }
  await reader?.cancel();
});

test('a chunk that came when nobody waited any more is not lost, and no beat overtakes it', async () => {
  const pieces = new Pieces();
  const response = holdOpen(() => events(pieces.body), QUICK)(ask());
  const reader = response.body?.getReader();
  const beat = await reader?.read();
  expect(new TextDecoder().decode(beat?.value)).toBe(': holdopen interval=60\n\n');
  // The read of the handler's body, which the beat answered in its place, is still under way.
  pieces.give('data: 1');
  await quiet(200);
  expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('data: 1');
  await reader?.cancel();
});

test('several reads at once are answered in their order', async () => {
  const pieces = new Pieces();
  const reader = holdOpen(() => events(pieces.body), QUICK)(ask()).body?.getReader();
  const reads = [reader?.read(), reader?.read(), reader?.read(), reader?.read()];
  pieces.give('data: 1\n\n').give('data: 2\n\n').end();
  const results = await Promise.all(reads);
  const texts = results.map((result) => new TextDecoder().decode(result?.value));
  expect(texts.join('')).toBe('data: 1\n\ndata: 2\n\n');
  expect(results.map((result) => result?.done)).toEqual([false, false, true, true]);
});
