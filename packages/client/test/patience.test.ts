/** How long one goes on asking. */
import { expect, test } from 'vitest';
import { until } from '../../../test/support/until.js';
import { Call } from '../src/call.js';
import type { RunStatus } from '../src/errors.js';
import { type HoldOptions, readOptions } from '../src/options.js';
import { Outgoing } from '../src/request.js';
import { Patience } from '../src/retry/pursue.js';
import { Failure } from '../src/transport/failure.js';
import { FakeRuntime } from './support/fake-runtime.js';
import { chunk, chunkedHead, RawServer } from './support/raw-server.js';

const fetch = () => Promise.reject(new TypeError('fetch failed'));

/** A call on which each attempt brings beats for a minute, and is cut. */
class Beating {
  readonly runtime = new FakeRuntime();
  readonly delays: (number | undefined)[] = [];
  readonly call: Call;
  readonly #patience: Patience;

  constructor(init: RequestInit, retry: HoldOptions['retry'] = { maxAttempts: 3 }) {
    const onState: HoldOptions['onState'] = ({ delayMs }) => this.delays.push(delayMs);
    const settings = readOptions({ retry, fetch, onState, idempotencyKey: 'k' }, 'json');
    this.call = new Call(new Outgoing('http://x.invalid/', init), settings, this.runtime);
    this.#patience = new Patience(this.call);
  }

  set retryMs(ms: number) {
    this.#patience.retryMs = ms;
  }

  /** Whether there is another attempt behind this one. */
  async goesOn(): Promise<boolean> {
    this.#patience.begin();
    await this.runtime.pass(60_000);
    const failure = new Failure('closed', true);
    failure.bytes = 60;
    let isOver: boolean | undefined;
    this.#patience.after(failure).then(
      () => {
        isOver = false;
      },
      () => {
        isOver = true;
      },
    );
    // The longest delay, and what a run is asked for.
    for (let i = 0; i < 10; i += 1) await this.runtime.pass(3_000);
    return isOver === false;
  }

  async attempts(most: number): Promise<number> {
    for (let count = 1; count < most; count += 1) if (!(await this.goesOn())) return count;
    return most;
  }
}

test.each(['GET', 'POST'])('beats bring a %s that is begun anew no further', async (method) => {
  expect(await new Beating({ method }).attempts(20)).toBe(3);
});

test('they do where a run goes on, or a stream behind its last event', async () => {
  const running = new Beating({ method: 'POST' });
  running.call.place = { url: 'http://x.invalid/runs/1', token: undefined };
  expect(await running.attempts(20)).toBe(20);
  const streaming = new Beating({ method: 'GET' });
  streaming.call.cursor = '7';
  expect(await streaming.attempts(20)).toBe(20);
});

test('a delay that no timer can wait for is as long as one can', async () => {
  const told = new Beating({ method: 'GET' });
  told.retryMs = 2 ** 32;
  expect(await told.goesOn()).toBe(false);
  expect(told.delays).toEqual([2 ** 31 - 1]);
});

test.each([
  ['no head', ''],
  ['half a body', chunkedHead() + chunk('{"state":')],
])('a status resource of which %s comes is left alone after 5 s', async (_, answer) => {
  let isClosed = false;
  await using server = await RawServer.start((socket) => {
    socket.write(answer);
    socket.on('close', () => {
      isClosed = true;
    });
  });
  const runtime = new FakeRuntime();
  const call = new Call(new Outgoing(server.url, {}), readOptions({}, 'json'), runtime);
  call.place = { url: `${server.url}runs/1`, token: undefined };
  let run: RunStatus | undefined;
  const startMs = runtime.nowMs;
  const asked = call.askRun().then((status) => {
    run = status;
  });
  await until('it is asked', () => server.requests.length === 1);
  await until('it is left', async () => {
    await runtime.pass(1_000);
    return run !== undefined;
  });
  await asked;
  expect(run).toMatchObject({ state: undefined });
  expect(runtime.nowMs - startMs).toBeLessThanOrEqual(5_000);
  await until('it is closed', () => isClosed);
});

/** How long a retry waits whose run is asked for, with a delay of 3 s, and a status that comes after so long. */
async function pauseMs(statusMs: number): Promise<number> {
  const runtime = new FakeRuntime();
  const fetch = () =>
    new Promise<Response>((resolve) => {
      runtime.set(() => resolve(Response.json({ state: 'running' })), statusMs);
    });
  const settings = readOptions({ retry: { baseMs: 4_000 }, fetch }, 'json');
  const call = new Call(new Outgoing('http://x.invalid/', { method: 'POST' }), settings, runtime);
  call.place = { url: 'http://x.invalid/runs/1', token: undefined };
  let isOver = false;
  const waiting = new Patience(call).after(new Failure('closed', true)).then(() => {
    isOver = true;
  });
  const startMs = runtime.nowMs;
  while (!isOver && runtime.nowMs - startMs < 60_000) {
    await runtime.pass(50);
    // Streams and bodies take a turn of the real clock.
    await new Promise((resolve) => setTimeout(resolve));
  }
  await waiting;
  return runtime.nowMs - startMs;
}

test.each([
  ['at once: a quarter of its delay, for it is there', 10, 750],
  ['later than that: no longer than the answer takes', 1_500, 1_500],
  ['never: its delay, and nothing on top', 1e9, 3_000],
])('a retry waits while its run is asked for, which answers %s', async (_, statusMs, expected) => {
  const waited = await pauseMs(statusMs);
  expect(waited).toBeGreaterThanOrEqual(expected);
  expect(waited).toBeLessThanOrEqual(expected + 200);
});

test('a status that does not come holds a short retry up for 2 s at most', async () => {
  const runtime = new FakeRuntime();
  const fetch = () => new Promise<never>(() => {});
  const call = new Call(
    new Outgoing('http://x.invalid/', {}),
    readOptions({ fetch }, 'json'),
    runtime,
  );
  call.place = { url: 'http://x.invalid/runs/1', token: undefined };
  let isOver = false;
  const waiting = new Patience(call).after(new Failure('closed', true)).then(() => {
    isOver = true;
  });
  await runtime.pass(1_900);
  expect(isOver).toBe(false);
  await runtime.pass(200);
  expect(isOver).toBe(true);
  await waiting;
});
