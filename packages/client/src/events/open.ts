import { JsonScanner } from '../body/json-scanner.js';
import { startsEventStream } from '../body/leading-space.js';
import { readPayload, readText } from '../body/payload.js';
import { OpaqueTracker } from '../body/record-tracker.js';
import { SseTracker } from '../body/sse-tracker.js';
import type { Call } from '../call.js';
import type { HoldOpenError } from '../errors.js';
import type { Exchange } from '../exchange.js';
import { isEventStream } from '../media-type.js';
import { mergedHeaders } from '../response.js';
import { isBusy, mayComeBack } from '../retry/policy.js';
import { ComeBack } from '../retry/pursue.js';
import { retryAfterMs } from '../retry/retry-after.js';
import { isForgotten, isReleased } from '../run/standing.js';
import { readAnnouncement } from '../wire/announcement.js';
import type { LateHead } from '../wire/late-head.js';
import { readProblem } from '../wire/problem.js';
import { CURSOR_LOST, refusal } from './told-failure.js';

/** An event stream that has begun. */
export interface OpenStream {
  readonly exchange: Exchange;
  /** Of its body, if some was read to know what it is. */
  readonly first: Uint8Array | undefined;
}

const EVENT_STREAM = 'text/event-stream';
const NOT_ACCEPTABLE = 406;

/** `'anew'`: the work was begun again meanwhile, and its events are others. */
type Opened = Stream | ComeBack<Stream>;
type Stream = OpenStream | 'anew' | undefined;

/**
 * Asks for events, or for the rest of them where a run has them. `undefined` if there are no more: 204.
 * @throws AnswerError if the answer is none that events could come of
 */
export async function openStream(call: Call): Promise<Opened> {
  const isResumed = call.place !== undefined;
  let exchange = await call.send(isResumed ? 'events' : 'request', EVENT_STREAM);
  if (isResumed && exchange.response.status === NOT_ACCEPTABLE) {
    // What the run came to is no event stream: it says why.
    await exchange.cancel();
    exchange = await call.send('result');
  }
  const { status, headers } = exchange.response;
  if (status === 204) {
    await exchange.cancel();
    return undefined;
  }
  const announcement = readAnnouncement(headers);
  if (announcement?.intervalMs !== undefined)
    exchange.watchdog.intervalMs = announcement.intervalMs;
  const isSuccess = status >= 200 && status < 300;
  if (isSuccess && isEventStream(headers.get('content-type'))) {
    exchange.watch(new SseTracker());
    return { exchange, first: undefined };
  }
  return announcement?.format === 'json'
    ? openHeldJson(call, exchange, isResumed)
    : refused(call, exchange, isResumed);
}

/** A server that did not know what would come of it may send events all the same. */
async function openHeldJson(call: Call, exchange: Exchange, isResumed: boolean): Promise<Opened> {
  exchange.watch(new JsonScanner());
  const { first, lateHead } = await readPayload(exchange);
  if (!startsEventStream(first)) {
    return refused(call, exchange, isResumed, first, lateHead);
  }
  const tracker = new SseTracker();
  tracker.push(first);
  exchange.watch(tracker);
  return { exchange, first };
}

async function refused(
  call: Call,
  exchange: Exchange,
  isResumed: boolean,
  first?: Uint8Array,
  lateHead?: LateHead,
): Promise<Opened> {
  const { response } = exchange;
  const status = lateHead?.status ?? response.status;
  if (first === undefined) exchange.watch(new OpaqueTracker());
  const text = await readText(exchange, call.runtime, first);
  const problem = readProblem(text) ?? readProblem(`${text}}`);
  const said = { status, code: problem?.code };
  if (said.code === CURSOR_LOST && call.cursor !== undefined) return 'anew';
  const isUnknown = isResumed && isForgotten(call, response, said);
  const type = response.headers.get('content-type');
  const error: HoldOpenError = refusal(call, status, type, problem, isUnknown);
  if (isReleased(call, response, said)) {
    await call.released();
    // It is what the work came to when it was asked for before.
    if (isResumed && !isBusy(status)) return openStream(call);
  }
  const headers = mergedHeaders(response.headers, lateHead?.headers ?? []);
  const askedMs = retryAfterMs(headers, call.runtime.now());
  const isLate = lateHead !== undefined || response.redirected;
  if (!mayComeBack(call.sendable, status, askedMs !== undefined, isLate))
    throw call.failed(error, isUnknown);
  return new ComeBack<never>(
    askedMs,
    () => {
      throw call.failed(error, isUnknown);
    },
    () => exchange.cancel(),
  );
}
