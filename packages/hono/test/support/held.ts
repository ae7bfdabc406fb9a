import type { Context } from 'hono';
import { until } from '../../../node/test/held/support/wait.js';
import { getHold, type HoldHandle } from '../../src/index.js';

/** Waits, in a handler or middleware, until a head has been sent in its place. */
export async function held(c: Context): Promise<void> {
  await reached(c, 'held');
}

export async function reached(c: Context, state: HoldHandle['state']): Promise<void> {
  const hold = getHold(c);
  await until(`the state is ${state}, not ${hold.state}`, () => hold.state === state);
}
