import type { Roster } from '@holdopen/core';
import type { Exchange } from './exchange.js';
import type { Front } from './front.js';
import type { HoldWatch } from './hold-facts.js';
import { answerProblem } from './problem.js';

const RETRY_AFTER_S = 5;
/** So long may the last bytes of what is ended take. */
const LAST_BYTES_MS = 500;
const LOOK_MS = 20;
const SHUTTING_DOWN = {
  status: 503,
  code: 'drained',
  detail: 'The proxy is shutting down. The request may have been carried out.',
} as const;

/** Lets what is under way end, work that its client has left too, and ends after `drainMs` what has not. Nobody is left without a word. */
export async function drainExchanges(
  front: Front,
  active: Roster<Exchange>,
  unattended: Roster<unknown>,
  holds: HoldWatch,
  drainMs: number,
): Promise<void> {
  front.stop();
  // Clients of event streams come back by themselves, to a process that stays.
  holds.drain(drainMs, RETRY_AFTER_S);
  await untilNone(drainMs, active, unattended);
  holds.drain(0, RETRY_AFTER_S);
  for (const exchange of active) if (exchange.status === undefined) answerUnavailable(exchange);
  await untilNone(LAST_BYTES_MS, active);
}

function answerUnavailable(exchange: Exchange): void {
  const { req, res } = exchange;
  exchange.status = SHUTTING_DOWN.status;
  // What was held has been told already, late.
  const state = req.holdOpen?.state;
  if (state === 'held' || state === 'failed' || res.headersSent) return;
  res.setHeader('Retry-After', String(RETRY_AFTER_S));
  answerProblem(req, res, SHUTTING_DOWN);
}

async function untilNone(limitMs: number, ...rosters: Roster<unknown>[]): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (rosters.some(({ size }) => size > 0) && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
