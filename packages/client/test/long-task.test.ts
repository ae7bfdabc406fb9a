/**
 * A task of 15 minutes behind a proxy that drops what is idle for 60 s, and every connection after 4
 * minutes. Time runs 150 times as fast, unless REAL_TIME is set: `npm run test:real-time`.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type HoldState, holdEvents, holdFetch } from '../src/index.js';
import { BadPath } from './support/bad-path.js';
import { RunServer } from './support/run-server.js';

const SPEED = process.env.REAL_TIME === undefined ? 150 : 1;
const scaled = (seconds: number): number => (seconds * 1_000) / SPEED;

/** Seconds of silence before each event: a burst, steps, and thoughts of minutes. */
const SCRIPT = [1, 0, 0, 0, 12, 45, 59, 61, 150, 3, 0, 0, 30, 239, 2, 120, 0, 178];
const HABITS = { idleMs: scaled(60), lifeMs: scaled(240) };
const HOLD = { intervalMs: Math.max(50, scaled(8)) };
const KEYED = { idempotencyKey: true, retry: { baseMs: scaled(0.5) || 5, maxMs: scaled(30) } };
const POST = { method: 'POST', body: '{}' } as const;
const TIMEOUT_MS = scaled(1_200) + 20_000;

async function* played(): AsyncGenerator<Uint8Array> {
  for (const [index, seconds] of SCRIPT.entries()) {
    await sleep(scaled(seconds));
    yield new TextEncoder().encode(`data: ${index}\n\n`);
  }
}

test(
  'every event comes exactly once',
  async () => {
    const headers = { 'Content-Type': 'text/event-stream' };
    const work = () => new Response(ReadableStream.from(played()), { headers });
    await using server = await RunServer.start(work, { hold: HOLD });
    await using path = await BadPath.to(server.port, HABITS);
    const states: HoldState[] = [];
    const onState = (state: HoldState) => states.push(state);
    const read: string[] = [];
    const events = holdEvents(path.url, { ...POST, holdOpen: { ...KEYED, onState } });
    for await (const { data } of events) read.push(data);
    expect(read).toEqual(SCRIPT.map((_, index) => `${index}`));
    expect(server.starts).toBe(1);
    // It fell at least as often as its connections had to end, and never because it was idle.
    const falls = states.filter(({ state }) => state === 'reconnecting').length;
    expect(falls).toBeGreaterThanOrEqual(3);
    expect(falls).toBeLessThanOrEqual(6);
    expect(states.at(-1)?.state).toBe('completed');
  },
  TIMEOUT_MS,
);

test(
  'there is one result',
  async () => {
    const work = async () => {
      await sleep(scaled(900));
      return Response.json({ done: true }, { status: 201 });
    };
    await using server = await RunServer.start(work, { hold: HOLD });
    await using path = await BadPath.to(server.port, HABITS);
    const response = await holdFetch(path.url, { ...POST, holdOpen: KEYED });
    expect([response.status, await response.json()]).toEqual([201, { done: true }]);
    expect(server.starts).toBe(1);
    expect(path.connections).toBeGreaterThanOrEqual(4);
  },
  TIMEOUT_MS,
);
