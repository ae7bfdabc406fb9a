import { JsonScanner } from '../body/json-scanner.js';
import { startsEventStream } from '../body/leading-space.js';
import { readPayload, readText } from '../body/payload.js';
import { OpaqueTracker } from '../body/record-tracker.js';
import { SseTracker } from '../body/sse-tracker.js';
import type { Call } from '../call.js';
import type { HoldOpenError } from '../errors.js';
import type { Exchange } from '../exchange.js';
import { isEventStream } from '../media-type.js';
import { mayComeBack } from '../retry/policy.js';
import { ComeBack } from '../retry/pursue.js';
import { retryAfterMs } from '../retry/retry-after.js';
import { readAnnouncement } from '../wire/announcement.js';
import { readProblem } from '../wire/problem.js';
import { refusal } from './told-failure.js';

/** An event stream that has begun. */
export interface OpenStream {
  readonly exchange: Exchange;
  /** Of its body, if some was read to know what it is. */
  readonly first: Uint8Array | undefined;
}

const EVENT_STREAM = 'text/event-stream';

/**
 * Asks for events, or for the rest of them where a run has them. `undefined` if there are no more: 204.
 * @throws AnswerError if the answer is none that events could come of
 */
export async function openStream(
  call: Call,
): Promise<OpenStream | undefined | ComeBack<OpenStream | undefined>> {
  const isResumed = call.place !== undefined;
  const exchange = await call.send(isResumed ? 'events' : 'request', EVENT_STREAM);
  const { status, headers } = exchange.response;
  if (status === 204) {
    await exchange.cancel();
    return undefined;
  }
  const isUnknown = status === 404 || status === 421;
  if (isResumed && call.key !== undefined && (isUnknown || status === 503)) {
    // The run is forgotten or was given back: its key knows more.
    call.place = undefined;
    if (isUnknown) {
      await exchange.cancel();
      return openStream(call);
    }
  }
  const announcement = readAnnouncement(headers);
  if (announcement?.intervalMs !== undefined)
    exchange.watchdog.intervalMs = announcement.intervalMs;
  const isSuccess = status >= 200 && status < 300;
  if (isSuccess && isEventStream(headers.get('content-type'))) {
    exchange.watch(new SseTracker());
    return { exchange, first: undefined };
  }
  return announcement?.format === 'json' ? openHeldJson(call, exchange) : refused(call, exchange);
}

/** A server that did not know what would come of it may send events all the same. */
async function openHeldJson(
  call: Call,
  exchange: Exchange,
): Promise<OpenStream | ComeBack<OpenStream | undefined>> {
  exchange.watch(new JsonScanner());
  const { first, lateHead } = await readPayload(exchange);
  if (!startsEventStream(first)) return refused(call, exchange, first, lateHead?.status);
  const tracker = new SseTracker();
  tracker.push(first);
  exchange.watch(tracker);
  return { exchange, first };
}

async function refused(
  call: Call,
  exchange: Exchange,
  first?: Uint8Array,
  lateStatus?: number,
): Promise<ComeBack<never>> {
  const { response } = exchange;
  const status = lateStatus ?? response.status;
  if (first === undefined) exchange.watch(new OpaqueTracker());
  const text = await readText(exchange, first);
  const problem = readProblem(text) ?? readProblem(`${text}}`);
  const error: HoldOpenError = refusal(call, status, response.headers.get('content-type'), problem);
  const askedMs = retryAfterMs(response.headers, call.runtime.now());
  const isLate = lateStatus !== undefined || response.redirected;
  if (!mayComeBack(call.sendable, status, askedMs !== undefined, isLate)) throw call.failed(error);
  return new ComeBack<never>(
    askedMs,
    () => {
      throw call.failed(error);
    },
    () => exchange.cancel(),
  );
}
