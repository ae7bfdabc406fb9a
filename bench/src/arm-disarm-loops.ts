import type { IncomingMessage, ServerResponse } from 'node:http';
import { ClockEntry, SharedBeatClock } from '@holdopen/core';
import { holdOpen } from '@holdopen/node';
import type { RunResult } from './repeated.js';
import { type Loop, timeLoops } from './tight-loop.js';

const DELAY_MS = 8_000;
/** Other requests that wait meanwhile. */
const OTHERS = 100;

/** Nanoseconds for each of its loops, and for what an adapter takes `above` a bare request. */
export function armDisarmRun(quick: boolean): RunResult {
  const times = quick ? 20_000 : 300_000;
  const loops = [
    ...clockLoops(times),
    ...timeoutLoops(Math.ceil(times / 5)),
    ...adapterLoops(times),
  ];
  const timings = timeLoops(loops, quick ? 5 : 11);
  const result: Record<string, number> = {};
  for (const { name } of loops) result[name] = timings.of(name);
  for (const name of ['holdOpen(handler)', 'middleware', 'bare request, again']) {
    result[`above: ${name}`] = timings.above(name, 'bare request');
  }
  return result;
}

/** As an adapter's: fields of its own beside the clock's. */
class Watch extends ClockEntry {
  readonly request: unknown;
  readonly response: unknown;

  constructor(request: unknown, response: unknown) {
    super();
    this.request = request;
    this.response = response;
  }

  override fire(): void {}
}

function clockLoops(times: number): Loop[] {
  const clock = new SharedBeatClock({
    now: () => performance.now(),
    set: (callback, delayMs) => setTimeout(callback, delayMs).unref(),
    clear: (handle) => clearTimeout(handle as NodeJS.Timeout),
  });
  const lane = clock.lane(DELAY_MS);
  for (let i = 0; i < OTHERS; i++) lane.add(new Watch(i, i));
  const fresh = (turns: number): unknown => {
    let last: unknown;
    for (let i = 0; i < turns; i++) {
      const watch = new Watch(lane, clock);
      lane.add(watch);
      clock.remove(watch);
      last = watch;
    }
    return last;
  };
  const one = new Watch(lane, clock);
  return [
    { name: 'clock, fresh entry', times, run: fresh },
    { name: 'clock, fresh entry, again', times, run: fresh },
    {
      name: 'clock, kept entry',
      times,
      run(turns) {
        for (let i = 0; i < turns; i++) {
          lane.add(one);
          clock.remove(one);
        }
        return one;
      },
    },
    {
      name: 'fresh entry alone',
      times,
      run(turns) {
        for (let i = 0; i < turns; i++) lastWatch = new Watch(lane, clock);
        return lastWatch;
      },
    },
  ];
}

/** Written from outside the loop, so that the entry has to be made. */
let lastWatch: Watch | undefined;

function timeoutLoops(times: number): Loop[] {
  const nothing = (): void => {};
  for (let i = 0; i < OTHERS; i++) setTimeout(nothing, DELAY_MS * 1_000).unref();
  return [
    {
      name: 'setTimeout, others waiting',
      times,
      run(turns) {
        for (let i = 0; i < turns; i++) clearTimeout(setTimeout(nothing, DELAY_MS * 1_000));
      },
    },
    {
      // Node keeps one list for each duration; the first of it makes the list, the last drops it.
      name: 'setTimeout, alone',
      times,
      run(turns) {
        for (let i = 0; i < turns; i++) clearTimeout(setTimeout(nothing, DELAY_MS * 1_000 + 7));
      },
    },
  ];
}

/** About as many fields as Node's own have. */
class FakeMessage {
  a = 0;
  b = 0;
  c = '';
  d = '';
  e = false;
  f = false;
  g = false;
  h: unknown = null;
  i: unknown = null;
  j: unknown = null;
  k: unknown = undefined;
  l: unknown = undefined;
  m: unknown = undefined;
  headers = {};
}

class FakeRequest extends FakeMessage {
  method = 'GET';
  url = '/';
}

class FakeResponse extends FakeMessage {
  ended = 0;

  write(): boolean {
    return true;
  }

  end(): this {
    this.ended += 1;
    return this;
  }
}

function adapterLoops(times: number): Loop[] {
  const handler = (_req: unknown, res: FakeResponse): void => {
    res.end();
  };
  type Handler = (req: IncomingMessage, res: ServerResponse) => unknown;
  const wrapped = holdOpen(handler as unknown as Handler) as unknown as typeof handler;
  const middleware = holdOpen() as unknown as (
    req: FakeRequest,
    res: FakeResponse,
    next: () => void,
  ) => void;
  const bare = (turns: number): unknown => {
    let last: unknown;
    for (let i = 0; i < turns; i++) {
      const res = new FakeResponse();
      handler(new FakeRequest(), res);
      last = res;
    }
    return last;
  };
  return [
    { name: 'bare request', times, run: bare },
    {
      name: 'holdOpen(handler)',
      times,
      run(turns) {
        let last: unknown;
        for (let i = 0; i < turns; i++) {
          const res = new FakeResponse();
          wrapped(new FakeRequest(), res);
          last = res;
        }
        return last;
      },
    },
    {
      name: 'middleware',
      times,
      run(turns) {
        let last: unknown;
        for (let i = 0; i < turns; i++) {
          const req = new FakeRequest();
          const res = new FakeResponse();
          middleware(req, res, () => handler(req, res));
          last = res;
        }
        return last;
      },
    },
    { name: 'bare request, again', times, run: bare },
  ];
}
