import type { IncomingMessage, ServerResponse } from 'node:http';
import { abandon, http2Stream } from './abandon.js';
import type { Exchange } from './exchange.js';
import { trailersOf } from './fields.js';
import { grouped, responseHead } from './response-head.js';

/** Copying more than this costs more than a second piece. */
const MAX_PACKET = 16_384;

/**
 * Passes an answer on, as fast as its client takes it.
 * @throws if its head cannot stand in HTTP
 */
export function relay(answer: IncomingMessage, exchange: Exchange): void {
  const { res } = exchange;
  const { statusCode = 502 } = answer;
  const { fields, length } = responseHead(answer);
  const isHttp2 = http2Stream(res) !== undefined;
  if (isHttp2) res.writeHead(statusCode, grouped(fields));
  else res.writeHead(statusCode, reasonOf(answer), fields);
  exchange.status = statusCode;

  const resume = (): void => void answer.resume();
  let isEnded = false;
  answer.on('data', (chunk: Buffer) => {
    exchange.bytes += chunk.length;
    // The work goes on without its client.
    if (exchange.isOver) return;
    if (chunk.length <= MAX_PACKET && String(chunk.length) === length) {
      // All of it: as text of one byte each it leaves together with its head.
      exchange.isAnswered = true;
      if (isHttp2) res.end(chunk);
      else res.end(chunk.toString('latin1'), 'latin1');
      return;
    }
    if (res.write(chunk)) return;
    answer.pause();
    res.once('drain', resume);
  });
  // Work that goes on without its client must not wait for it to read.
  if (exchange.outlivesClient) res.once('close', resume);
  answer.on('end', () => {
    isEnded = true;
    exchange.isAnswered = true;
    if (exchange.isOver || exchange.failure !== undefined || res.writableEnded) return;
    if (answer.rawTrailers.length > 0) addTrailers(res, answer);
    res.end();
  });
  // Unheard, it would end the process; `close` follows.
  answer.on('error', () => {});
  answer.on('close', () => {
    if (!isEnded) breakOff(exchange);
  });
  // What came with the head has been written by then; a head alone must not wait for its body.
  process.nextTick(() => {
    if (exchange.bytes === 0 && !isEnded && !exchange.isOver) res.flushHeaders();
  });
}

/** The server behind has failed in the middle of its answer. */
export function breakOff(exchange: Exchange): void {
  if (exchange.isOver || exchange.failure !== undefined) return;
  exchange.failure = 'upstream_closed';
  abandon(exchange.res);
}

/** A reason that cannot be written is none. */
function reasonOf({ statusMessage = '' }: IncomingMessage): string {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(statusMessage) ? statusMessage : '';
}

function addTrailers(res: ServerResponse, { rawTrailers }: IncomingMessage): void {
  const pairs = trailersOf(rawTrailers);
  if (http2Stream(res) === undefined) res.addTrailers(pairs);
  else res.addTrailers(Object.fromEntries(pairs));
}
