import { readAnswer } from './answer.js';
import { Call } from './call.js';
import type { FetchInput } from './fetch-types.js';
import { type HoldRequestInit, readOptions } from './options.js';
import { Outgoing } from './request.js';
import type { HoldResponse } from './response.js';
import { isBusy, mayComeBack } from './retry/policy.js';
import { ComeBack, Patience, pursue } from './retry/pursue.js';
import { retryAfterMs } from './retry/retry-after.js';
import { forgotten, isForgotten, isOfStranger, isReleased, strange } from './run/standing.js';
import { systemRuntime } from './runtime.js';

/**
 * `fetch` for answers that may take long: the true status of what is held, a watchdog for silence,
 * retries that never do work twice, and errors that say how to go on.
 *
 * @throws HoldOpenError if the exchange fails; `OptionError` if an option of `holdOpen` is wrong; the
 * reason of your own signal
 * @example
 * const response = await holdFetch('/summaries', { method: 'POST', body, holdOpen: { idempotencyKey: true } });
 */
export async function holdFetch(
  input: FetchInput,
  init: HoldRequestInit = {},
): Promise<HoldResponse> {
  const settings = readOptions(init.holdOpen ?? {}, 'json');
  const call = new Call(new Outgoing(input, init), settings, systemRuntime);
  await call.prepare();
  return pursue(call, new Patience(call), () => attempt(call));
}

/** One answer: to the request, or of the run that it began. */
async function attempt(call: Call): Promise<HoldResponse | ComeBack<HoldResponse>> {
  const isResult = call.place !== undefined;
  const exchange = await call.send(isResult ? 'result' : 'request');
  const { response } = exchange;
  const answer = await readAnswer(call, exchange);
  const { status, headers, isLate } = answer;
  if (isResult && isForgotten(call, response, answer)) {
    await exchange.cancel();
    throw call.failed(forgotten(call, status), true);
  }
  if (isResult && isOfStranger(call, response, answer)) {
    await exchange.cancel();
    const giveUp = (): never => {
      throw call.failed(strange(call, status));
    };
    // A login that has gone does not come back by waiting.
    return status < 500 ? giveUp() : new ComeBack(undefined, giveUp, async () => {});
  }
  if (status === 409 && !isResult && call.attempts > 1 && call.place !== undefined) {
    // It is our own work that goes on, of an attempt before.
    await exchange.cancel();
    return attempt(call);
  }
  if (isReleased(call, response, answer)) {
    await call.released();
    if (isResult && !isBusy(status)) {
      // It is what the work came to when it was asked for before.
      await exchange.cancel();
      return attempt(call);
    }
  }
  if (isBusy(status)) {
    const askedMs = retryAfterMs(headers, call.runtime.now());
    if (mayComeBack(call.sendable, status, askedMs !== undefined, isLate || response.redirected)) {
      return new ComeBack(askedMs, answer.give, () => exchange.cancel());
    }
  }
  call.credentials.accepted();
  return answer.give();
}
