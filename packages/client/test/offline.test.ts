/** A page that has no network, and knows it. */
import { expect, onTestFinished, test } from 'vitest';
import { Call } from '../src/call.js';
import { type HoldOptions, readOptions } from '../src/options.js';
import { Outgoing } from '../src/request.js';
import { ComeBack, Patience, pursue } from '../src/retry/pursue.js';
import { Failure } from '../src/transport/failure.js';
import { FakeRuntime } from './support/fake-runtime.js';

/** What a page has of the world. */
class World extends EventTarget {
  readonly navigator = { onLine: false };
  listeners = 0;

  constructor() {
    super();
    const names = ['navigator', 'addEventListener', 'removeEventListener'] as const;
    for (const name of names) {
      const own = Object.getOwnPropertyDescriptor(globalThis, name);
      const value = name === 'navigator' ? this.navigator : this[name].bind(this);
      Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
      onTestFinished(() => {
        if (own) Object.defineProperty(globalThis, name, own);
        else Reflect.deleteProperty(globalThis, name);
      });
    }
  }

  override addEventListener(...given: Parameters<EventTarget['addEventListener']>): void {
    this.listeners += 1;
    super.addEventListener(...given);
  }

  override removeEventListener(...given: Parameters<EventTarget['removeEventListener']>): void {
    this.listeners -= 1;
    super.removeEventListener(...given);
  }

  goOnline(): void {
    this.navigator.onLine = true;
    this.dispatchEvent(new Event('online'));
  }
}

/** A request of which all attempts fail as long as the page is offline. */
function asking(world: World, retry: HoldOptions['retry'], init: RequestInit = {}) {
  const runtime = new FakeRuntime();
  const told: string[] = [];
  let attempts = 0;
  const settings = readOptions(
    {
      retry,
      onState: ({ state, delayMs }) => told.push(`${state} ${delayMs}`),
    },
    'json',
  );
  const call = new Call(new Outgoing('http://x.invalid/', init), settings, runtime);
  const answer = pursue(call, new Patience(call), async () => {
    attempts += 1;
    if (!world.navigator.onLine) throw new Failure('network', true);
    return 'an answer';
  }).catch((error) => error);
  return { answer, runtime, told, attempts: () => attempts };
}

test('counts no attempts, and asks again at once when it is online', async () => {
  const world = new World();
  const { answer, runtime, told, attempts } = asking(world, { maxAttempts: 2 });
  await runtime.pass(1);
  await runtime.pass(600_000);
  // In vain from time to time: a page may take itself for offline wrongly.
  expect(attempts()).toBe(21);
  expect(new Set(told)).toEqual(new Set(['reconnecting undefined']));
  world.goOnline();
  expect([await answer, attempts()]).toEqual(['an answer', 22]);
  expect([runtime.pending, world.listeners]).toEqual([0, 0]);
});

test('does not wait out a delay that began before', async () => {
  const world = new World();
  world.navigator.onLine = true;
  let isFirst = true;
  const runtime = new FakeRuntime();
  const settings = readOptions({ retry: { baseMs: 60_000, maxMs: 60_000 } }, 'json');
  const call = new Call(new Outgoing('http://x.invalid/', {}), settings, runtime);
  const answer = pursue(call, new Patience(call), async () => {
    if (!isFirst) return 'an answer';
    isFirst = false;
    throw new Failure('network', true);
  });
  await runtime.pass(1);
  world.goOnline();
  expect(await answer).toBe('an answer');
});

test('waits as long as a busy server wants it to, all the same', async () => {
  const world = new World();
  const runtime = new FakeRuntime();
  const call = new Call(new Outgoing('http://x.invalid/', {}), readOptions({}, 'json'), runtime);
  let attempts = 0;
  const answer = pursue(call, new Patience(call), async () => {
    attempts += 1;
    if (attempts === 2) return 'an answer';
    return new ComeBack<string>(
      5_000,
      () => 'busy',
      async () => {},
    );
  });
  await runtime.pass(1);
  world.goOnline();
  await runtime.pass(3_000);
  expect(attempts).toBe(1);
  await runtime.pass(3_000);
  expect(await answer).toBe('an answer');
});

test.each<[string, HoldOptions['retry'], RequestInit]>([
  ['what is not to be sent again', {}, { method: 'POST' }],
  ['what is sent once', false, {}],
])('does not wait with %s', async (_, retry, init) => {
  const { answer, attempts } = asking(new World(), retry, init);
  expect(await answer).toMatchObject({ code: 'HOLDOPEN_NETWORK' });
  expect(attempts()).toBe(1);
});

test('is left by whoever has waited long enough', async () => {
  const world = new World();
  const controller = new AbortController();
  const { answer, runtime } = asking(world, {}, { signal: controller.signal });
  await runtime.pass(1_000);
  controller.abort('enough');
  expect(await answer).toBe('enough');
  expect([runtime.pending, world.listeners]).toEqual([0, 0]);
});
