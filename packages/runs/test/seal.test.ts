import { afterEach, describe, expect, test, vi } from 'vitest';
import type { LogCodec } from '../src/codec.js';
import { type Answer, ask, gate, KEY, problemOf, quiet, runOf, serve } from './support/desk.js';
import { never, watch, world } from './support/world.js';

afterEach(() => {
  vi.restoreAllMocks();
});

const flip = (bytes: Uint8Array): Uint8Array => bytes.map((byte) => byte ^ 255);

/** A codec that works until its key service is gone, and a handler that writes and ends when it is told. */
function office(seal: LogCodec['seal']) {
  const keys: { seal: LogCodec['seal'] } = { seal: flip };
  const there = world({
    codec: { seal: (bytes, run) => keys.seal(bytes, run), open: flip },
    storeAwayMs: 5_000,
  });
  const [more, done] = [gate(), gate()];
  const why: unknown[] = [];
  const work = (_: Request, { signal }: { signal: AbortSignal }): Answer => {
    signal.addEventListener('abort', () => why.push(signal.reason));
    async function* chunks() {
      yield new TextEncoder().encode('one');
      await more.opened;
      yield new TextEncoder().encode('two');
      await done.opened;
    }
    return new Response(ReadableStream.from(chunks()), {
      headers: { 'content-type': 'application/json' },
    });
  };
  const fail = () => {
    keys.seal = seal;
  };
  return { ...there, work, why, fail, more, done };
}

describe.each<[how: string, seal: LogCodec['seal'], message: RegExp]>([
  [
    'throws',
    () => {
      throw new Error('no keys');
    },
    /no keys/,
  ],
  ['never answers', () => new Promise(() => {}), /within 5000 ms/],
])('a codec whose seal %s', (_, seal, message) => {
  test('in the middle of the work fails the run, and is named', async () => {
    const errors = quiet();
    const { clock, runs, work, why, fail, more } = office(seal);
    const first = watch(serve(runs, ask({ key: KEY }), work));
    await clock.pass(100);
    fail();
    more.open();
    await clock.pass(5_100);
    expect(why).toMatchObject([{ code: 'seal_failed' }]);
    expect(String(why[0])).toContain('codec');
    const logged = JSON.stringify(errors.mock.calls, (_name, value) =>
      value instanceof Error ? [value.message, value.cause] : value,
    );
    expect(logged).toMatch(message);
    const again = watch(serve(runs, ask({ key: KEY }), never));
    await clock.pass(100);
    for (const { value } of [first, again]) {
      expect(value && (await problemOf(value))).toMatchObject({ status: 500, code: 'seal_failed' });
    }
  });

  test('at the end of the work fails the run, whose status says so', async () => {
    quiet();
    const { clock, runs, work, fail, more, done } = office(seal);
    const first = watch(serve(runs, ask({ key: KEY }), work));
    await clock.pass(100);
    more.open();
    await clock.pass(100);
    fail();
    done.open();
    await clock.pass(5_100);
    expect(first.value && (await problemOf(first.value.clone()))).toMatchObject({
      code: 'seal_failed',
    });
    const url = `http://test.example/runs/${first.value && runOf(first.value)}`;
    const status = watch(runs.fetch(ask({ method: 'GET', url })));
    await clock.pass(100);
    expect(await status.value?.json()).toMatchObject({ state: 'failed', code: 'seal_failed' });
  });

  test('holds up no shutdown', async () => {
    quiet();
    const { clock, runs, work, fail, more } = office(seal);
    void serve(runs, ask({ key: KEY }), work);
    await clock.pass(100);
    fail();
    more.open();
    const closed = watch(
      runs.drain({ timeoutMs: 500 }).then(async () => {
        await runs.close();
        return 'closed';
      }),
    );
    await clock.pass(4_600);
    expect(closed.value).toBe('closed');
  });
});

test('a codec whose open never answers lets nobody wait for ever', async () => {
  const keys: { open: LogCodec['open'] } = { open: flip };
  const codec: LogCodec = { seal: flip, open: (bytes, run) => keys.open(bytes, run) };
  const { clock, runs } = world({ codec, storeAwayMs: 5_000 });
  const first = watch(serve(runs, ask({ key: KEY }), () => Response.json('done')));
  await clock.pass(100);
  const run = first.value && runOf(first.value);
  keys.open = () => new Promise(() => {});
  const get = (path: string) =>
    ask({ method: 'GET', url: `http://test.example/runs/${run}${path}` });
  const again = watch(serve(runs, ask({ key: KEY }), never));
  const result = watch(runs.fetch(get('/result')));
  const status = watch(runs.fetch(get('')));
  await clock.pass(5_100);
  for (const { value } of [again, result, status]) {
    expect(value && (await problemOf(value))).toMatchObject({ status: 503, code: 'store_away' });
  }
  keys.open = flip;
  const well = watch(serve(runs, ask({ key: KEY }), never));
  await clock.pass(100);
  expect(await well.value?.json()).toBe('done');
});

test('a codec that opens one head and never another hides no run in a list', async () => {
  vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const stuck = new Set<string>();
  const open: LogCodec['open'] = (bytes, run) =>
    stuck.has(run) ? new Promise(() => {}) : flip(bytes);
  const { clock, runs } = world({ codec: { seal: flip, open } });
  const headers = { 'content-type': 'text/plain' };
  const begun = () => new Response(new ReadableStream(), { headers });
  const answers = ['a', 'b'].map((key) => watch(serve(runs, ask({ key }), begun)));
  await clock.pass(100);
  const [a = '', b = ''] = answers.map(({ value }) => value && runOf(value));
  stuck.add(a);
  const listed = watch(runs.list('ann'));
  await clock.pass(5_100);
  expect(listed.value).toMatchObject([
    { id: a, state: 'running', code: 'store_away' },
    { id: b, state: 'running', status: 200 },
  ]);
});
