import { getHold, holdOpen } from '@holdopen/fetch';
import { afterEach, expect, test, vi } from 'vitest';
import type { WorkInfo } from '../src/serve/work.js';
import { ask, KEY, problemOf, quiet, serve } from './support/desk.js';
import { never, watch, world } from './support/world.js';

afterEach(() => {
  vi.restoreAllMocks();
});

/** A handler that gives nothing by itself, and how its run goes. */
async function silent(options: Parameters<typeof world>[0], body?: ReadableStream<Uint8Array>) {
  const { clock, runs } = world(options);
  let info: WorkInfo | undefined;
  const work = (_: Request, it: WorkInfo) => {
    info = it;
    if (body === undefined) return new Promise<Response>(() => {});
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
  };
  const seen = watch(serve(runs, ask({ key: KEY }), work));
  await clock.pass(10);
  return { clock, runs, seen, touch: () => info?.touch(), signal: () => info?.signal };
}

test('a handler that hangs fails with 504 after four hours, and is told', async () => {
  const errors = quiet();
  const { clock, runs, seen, signal } = await silent({});
  await clock.pass(4 * 3_600_000 - 1_000);
  expect([seen.value, signal()?.aborted]).toEqual([undefined, false]);
  await clock.pass(1_500);
  expect(seen.value?.status).toBe(504);
  expect(seen.value && (await problemOf(seen.value)).code).toBe('silent_too_long');
  expect(signal()?.reason).toMatchObject({ code: 'silent_too_long' });
  const again = watch(serve(runs, ask({ key: KEY }), never));
  await clock.pass(10);
  expect(again.value?.status).toBe(504);
  expect(clock.pending).toBe(1);
  expect(errors.mock.calls.map(([, error]) => error)).toMatchObject([{ code: 'silent_too_long' }]);
});

test('touch() is a sign of life, for as long again', async () => {
  quiet();
  const { clock, seen, touch } = await silent({ maxSilenceMs: 60_000 });
  for (let i = 0; i < 5; i += 1) {
    await clock.pass(50_000);
    touch();
  }
  expect(seen.value).toBeUndefined();
  await clock.pass(61_000);
  expect(seen.value?.status).toBe(504);
});

test('so is any byte of the handler’s, also one that is no event', async () => {
  quiet();
  let write = (_: string): void => {};
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      write = (text) => controller.enqueue(new TextEncoder().encode(text));
    },
  });
  const { clock, seen, signal } = await silent({ maxSilenceMs: 60_000 }, body);
  const text = watch(seen.value?.text() ?? Promise.resolve(''));
  for (const one of [': ping\n\n', 'data: half', ' and whole\n\n', ': ping\n\n']) {
    await clock.pass(50_000);
    write(one);
  }
  await clock.pass(50_000);
  expect(signal()?.aborted).toBe(false);
  await clock.pass(11_000);
  expect(text.value).toContain('data: half and whole\n\n');
  expect(text.value).toContain('"code":"silent_too_long"');
});

test('a handler behind holdOpen touches by its handle', async () => {
  quiet();
  const { clock, runs } = world({ maxSilenceMs: 60_000 });
  let touch = (): void => {};
  const handler = holdOpen(
    (request) => {
      const hold = getHold(request);
      touch = () => hold.touch();
      return new Promise<Response>(() => {});
    },
    { runs },
  );
  const seen = watch(Promise.resolve(handler(ask({ key: KEY }))));
  await clock.pass(50_000);
  touch();
  await clock.pass(50_000);
  expect(seen.value).toBeUndefined();
  await clock.pass(11_000);
  expect(seen.value?.status).toBe(504);
});
