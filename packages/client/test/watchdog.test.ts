import { afterEach, expect, test, vi } from 'vitest';
import { Failure } from '../src/transport/failure.js';
import { SLACK_MS, UNPROVEN_SILENCE_MS, Watchdog } from '../src/watch/watchdog.js';
import { FakeRuntime } from './support/fake-runtime.js';

const INTERVAL_MS = 8_000;
const LONG_MS = 300_000;
const TWO_INTERVALS_MS = 2 * INTERVAL_MS + SLACK_MS;

/** One exchange, with a log of what its watchdog says. */
class Exchange {
  readonly runtime = new FakeRuntime();
  readonly log: string[] = [];
  readonly watchdog: Watchdog;

  constructor(intervalMs: number | undefined, longMs = LONG_MS) {
    this.watchdog = new Watchdog(this.runtime, intervalMs, longMs, {
      silent: (isSilent) => this.log.push(isSilent ? 'silent' : 'live'),
      woke: () => this.log.push('woke'),
      stalled: () => this.log.push('stalled'),
    });
  }

  wait(): void {
    this.watchdog.guard(new Promise<never>(() => {})).catch(() => {});
  }

  /** Something comes, and the next is waited for. */
  feed(length = 1, atBoundary = true): void {
    this.watchdog.fed(length, atBoundary);
    this.wait();
  }

  /** Two beats arrive one by one. */
  async prove(): Promise<void> {
    this.wait();
    for (let i = 0; i < 2; i += 1) {
      await this.runtime.pass(INTERVAL_MS);
      this.feed();
    }
  }

  /** How long it takes until it is called a stall. */
  async patience(): Promise<number> {
    const from = this.runtime.nowMs;
    while (!this.log.includes('stalled')) await this.runtime.pass(100);
    return this.runtime.nowMs - from;
  }
}

test('two intervals and slack without a byte are a stall, where beats came one by one', async () => {
  const exchange = new Exchange(INTERVAL_MS);
  await exchange.prove();
  expect(await exchange.patience()).toBe(TWO_INTERVALS_MS);
  expect(exchange.log).toEqual(['silent', 'stalled']);
});

test('until beats came one by one, a minute of silence is none', async () => {
  const exchange = new Exchange(INTERVAL_MS);
  exchange.wait();
  exchange.feed(0);
  expect(await exchange.patience()).toBe(UNPROVEN_SILENCE_MS);
});

test('beats that a hop has gathered prove nothing', async () => {
  const exchange = new Exchange(INTERVAL_MS);
  exchange.wait();
  for (let i = 0; i < 4; i += 1) {
    await exchange.runtime.pass(INTERVAL_MS * 3);
    for (let beats = 0; beats < 3; beats += 1) exchange.feed();
  }
  expect(await exchange.patience()).toBe(UNPROVEN_SILENCE_MS);
});

test('in the middle of a token or line only the long limit counts', async () => {
  const exchange = new Exchange(INTERVAL_MS);
  await exchange.prove();
  exchange.feed(100, false);
  expect(await exchange.patience()).toBe(LONG_MS);
});

test('without an announcement only the long limit counts', async () => {
  const exchange = new Exchange(undefined);
  exchange.wait();
  expect(await exchange.patience()).toBe(LONG_MS);
});

test('an interval that is announced in a comment counts from then on', async () => {
  const exchange = new Exchange(undefined);
  exchange.wait();
  exchange.watchdog.intervalMs = INTERVAL_MS;
  exchange.feed();
  await exchange.prove();
  expect(await exchange.patience()).toBe(TWO_INTERVALS_MS);
});

test('the long limit is the limit of all', async () => {
  const exchange = new Exchange(INTERVAL_MS, 1_000);
  exchange.wait();
  exchange.feed(0);
  expect(await exchange.patience()).toBe(1_000);
});

test('without a long limit nothing is a stall where no beat could come', async () => {
  const exchange = new Exchange(undefined, Number.POSITIVE_INFINITY);
  exchange.wait();
  await exchange.runtime.pass(1e9);
  expect(exchange.log).toEqual([]);
});

test('any byte is a sign of life', async () => {
  const exchange = new Exchange(INTERVAL_MS);
  await exchange.prove();
  for (let i = 0; i < 20; i += 1) {
    await exchange.runtime.pass(TWO_INTERVALS_MS - 1);
    exchange.feed();
  }
  expect(exchange.log).not.toContain('stalled');
  expect(exchange.log.slice(0, 4)).toEqual(['silent', 'live', 'silent', 'live']);
});

test('a consumer who takes his time is no stall', async () => {
  const exchange = new Exchange(INTERVAL_MS);
  await exchange.prove();
  exchange.watchdog.fed(1, true);
  await exchange.runtime.pass(LONG_MS * 2);
  expect(exchange.log).toEqual([]);
  exchange.wait();
  expect(await exchange.patience()).toBe(TWO_INTERVALS_MS);
});

test('a wake-up is no stall: one interval is allowed, and then it is', async () => {
  const exchange = new Exchange(INTERVAL_MS);
  await exchange.prove();
  await exchange.runtime.pass(1_000);
  await exchange.runtime.sleep(3_600_000);
  expect(exchange.log).toEqual(['woke']);
  expect(await exchange.patience()).toBe(INTERVAL_MS + SLACK_MS);
});

test('what comes after a wake-up is a sign of life', async () => {
  const exchange = new Exchange(INTERVAL_MS);
  await exchange.prove();
  await exchange.runtime.sleep(3_600_000);
  exchange.feed();
  await exchange.runtime.pass(TWO_INTERVALS_MS - 1);
  expect(exchange.log).not.toContain('stalled');
});

test('the stall rejects whoever waits', async () => {
  const exchange = new Exchange(undefined, 1_000);
  const waiting = exchange.watchdog.guard(new Promise<never>(() => {})).catch((error) => error);
  await exchange.runtime.pass(1_000);
  expect(await waiting).toEqual(new Failure('stalled', true));
});

test('nothing is left when it stops, and a thousand chunks have one timer', async () => {
  const exchange = new Exchange(INTERVAL_MS);
  exchange.wait();
  for (let i = 0; i < 1_000; i += 1) exchange.feed();
  expect(exchange.runtime.pending).toBe(1);
  exchange.watchdog.stop();
  expect(exchange.runtime.pending).toBe(0);
});

afterEach(() => {
  vi.unstubAllGlobals();
});

test('a page that is looked at again checks at once, before its late timers do', async () => {
  const page = Object.assign(new EventTarget(), { visibilityState: 'hidden' });
  vi.stubGlobal('document', page);
  const exchange = new Exchange(INTERVAL_MS);
  await exchange.prove();
  exchange.runtime.nowMs += 3_600_000;
  page.visibilityState = 'visible';
  page.dispatchEvent(new Event('visibilitychange'));
  expect(exchange.log).toEqual(['woke']);
  exchange.watchdog.stop();
  exchange.runtime.nowMs += 3_600_000;
  page.dispatchEvent(new Event('visibilitychange'));
  expect(exchange.log).toEqual(['woke']);
});

test('a page keeps nothing of an answer that nobody reads on', async () => {
  const page = Object.assign(new EventTarget(), { visibilityState: 'visible' });
  const added = vi.spyOn(page, 'addEventListener');
  const removed = vi.spyOn(page, 'removeEventListener');
  vi.stubGlobal('document', page);
  const exchange = new Exchange(undefined);
  exchange.wait();
  exchange.watchdog.fed(1, true);
  expect([added.mock.calls.length, removed.mock.calls.length]).toEqual([1, 0]);
  await exchange.runtime.pass(10_000);
  expect([exchange.runtime.pending, removed.mock.calls.length]).toEqual([0, 1]);
  exchange.wait();
  expect(added.mock.calls.length).toBe(2);
});
