import { JsonScanner } from './body/json-scanner.js';
import { startsEventStream } from './body/leading-space.js';
import { readPayload, readRest } from './body/payload.js';
import { OpaqueTracker, RecordTracker } from './body/record-tracker.js';
import { SseTracker } from './body/sse-tracker.js';
import type { Call } from './call.js';
import type { Exchange } from './exchange.js';
import { isEventStream, isJson } from './media-type.js';
import { hasNoBody } from './response.js';
import { type Answer, type Known, Streamed } from './streamed.js';
import { readAnnouncement } from './wire/announcement.js';
import type { LateHead } from './wire/late-head.js';
import { completeCut } from './wire/problem.js';

/** A body that says its length and is no larger is the runtime's, which sees when it is cut. */
const SMALL_BODY_BYTES = 65_536;

/** A part of a document is whole in its own way (RFC 9110 section 15.3.7). */
const PARTIAL = 206;

/** Reads as much of an answer as must be read to know it. */
export async function readAnswer(call: Call, exchange: Exchange): Promise<Answer> {
  const { status, headers, body } = exchange.response;
  const announcement = readAnnouncement(headers);
  const type = headers.get('content-type');
  if (announcement?.intervalMs !== undefined)
    exchange.watchdog.intervalMs = announcement.intervalMs;
  // A runtime may give an empty stream where there is none.
  const isBodiless = body === null || call.outgoing.method === 'HEAD' || hasNoBody(status);
  const length = headers.get('content-length');
  if (isBodiless || length === '0') return bodiless(call, exchange);
  if (announcement?.format === 'json' && isJson(type)) return heldJson(call, exchange);
  if (isEventStream(type)) return new Streamed(call, exchange, new SseTracker());
  if (announcement !== undefined) return new Streamed(call, exchange, new RecordTracker());
  const isDocument = isJson(type) && status !== PARTIAL;
  if (isDocument && call.place !== undefined) return whole(call, exchange, new JsonScanner());
  const isChecked = isDocument && call.settings.checksJson;
  const isSmall = length !== null && Number(length) <= SMALL_BODY_BYTES;
  const isNative = isSmall && call.place === undefined;
  const tracker = isChecked ? new JsonScanner() : new OpaqueTracker();
  return new Streamed(call, exchange, tracker, { isNative });
}

/** There is nothing to do: what `fetch` gave is given on. */
function bodiless(call: Call, exchange: Exchange): Answer {
  const { response, watchdog } = exchange;
  const { status, headers } = response;
  const give = async (): Promise<Response> => {
    watchdog.stop();
    await call.settle(status);
    return response;
  };
  return { status, headers, isLate: false, give };
}

/** Waits until the outcome stands in the body, or an event stream begins there. */
async function heldJson(call: Call, exchange: Exchange): Promise<Answer> {
  const scanner = new JsonScanner();
  exchange.watch(scanner);
  const { first, lateHead } = await readPayload(exchange);
  if (startsEventStream(first)) {
    const tracker = new SseTracker();
    tracker.push(first);
    return new Streamed(call, exchange, tracker, { first, type: 'text/event-stream' });
  }
  const isError = lateHead !== undefined && lateHead.status >= 300;
  if (isError) return cutError(call, exchange, lateHead, first);
  // A run's answer is read again if it breaks off: nobody is given the first half of it.
  if (call.place !== undefined) return whole(call, exchange, scanner, { first, lateHead });
  return new Streamed(call, exchange, scanner, { first, lateHead });
}

/** All of a document. It is the whole of it, or the attempt has failed. */
async function whole(
  call: Call,
  exchange: Exchange,
  scanner: JsonScanner,
  known: Known = {},
): Promise<Answer> {
  if (known.first === undefined) exchange.watch(scanner);
  const { bytes, failure } = await readRest(exchange, known.first);
  if (failure !== undefined) throw failure;
  if (bytes.length > 0 && scanner.verdict !== 'whole') throw exchange.truncated();
  return new Streamed(call, exchange, scanner, { ...known, first: bytes, isAll: true });
}

/** The error behind a late head: an object that lacks its last brace, if it was cut where it should be. */
async function cutError(
  call: Call,
  exchange: Exchange,
  lateHead: LateHead,
  start: Uint8Array,
): Promise<Answer> {
  const { bytes, failure } = await readRest(exchange, start);
  const text = completeCut(new TextDecoder().decode(bytes));
  if (text !== undefined) {
    return new Streamed(call, exchange, undefined, {
      first: new TextEncoder().encode(text),
      lateHead,
      isAll: true,
    });
  }
  // The status is known all the same; what is left of the body is not taken for whole.
  const broken = failure ?? exchange.truncated();
  return new Streamed(call, exchange, undefined, { first: bytes, lateHead, broken });
}
