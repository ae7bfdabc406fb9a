import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isReset } from './abandon.js';
import type { Exchange } from './exchange.js';
import { describeFailure } from './failure.js';
import { trailersOf } from './fields.js';
import { passContinue, passInformation } from './informational.js';
import type { Destination } from './pool.js';
import { answerProblem } from './problem.js';
import { refusal } from './refusal.js';
import { refuse } from './refuse.js';
import { breakOff, relay } from './relay.js';
import type { RequestHead } from './request-head.js';

/** A server that does not know `Expect` waits for the body as its client waits for the word. */
const CONTINUE_AFTER_MS = 1_000;
const CHARACTERS = refusal(
  400,
  'characters',
  'The request holds characters that HTTP does not allow.',
);
const NO_ANSWER = new Error('The connection closed without an answer.');

/** Opens the request to the server behind. */
export type Open = (head: RequestHead) => ClientRequest;

export function opener(destination: Destination, maxHeaderSize: number): Open {
  const request = destination.protocol === 'https:' ? httpsRequest : httpRequest;
  const fixed = { ...destination, maxHeaderSize, insecureHTTPParser: false };
  return ({ method, path, fields }) => {
    const upstream = request({ ...fixed, method, path, headers: fields });
    // Behind this number Node would leave fields out without a word; their size is limited in any case.
    upstream.maxHeadersCount = 0;
    return upstream;
  };
}

/**
 * Sends a request on, once, and its answer back. Gives the request to the target, `undefined` if it
 * cannot be written.
 */
export function send(exchange: Exchange, head: RequestHead, open: Open): ClientRequest | undefined {
  let upstream: ClientRequest;
  try {
    upstream = open(head);
  } catch {
    // Node refuses to write what could be read as something else.
    refuse(exchange, CHARACTERS);
    return undefined;
  }
  forward(exchange, head, upstream);
  return upstream;
}

function forward(exchange: Exchange, head: RequestHead, upstream: ClientRequest): void {
  const { res } = exchange;
  upstream.on('response', (answer) => {
    try {
      relay(answer, exchange);
    } catch (error) {
      answer.destroy();
      // Over HTTP/2 they have been set, and would stand in our answer: a coding, or what cannot be sent.
      if (!res.headersSent) for (const name of res.getHeaderNames()) res.removeHeader(name);
      fail(exchange, error as NodeJS.ErrnoException);
    }
  });
  upstream.on('error', (error) => {
    // A reset in a body without a length is an error here and a regular end of the body.
    const hasBegun = exchange.status !== undefined && exchange.upstream !== undefined;
    if (!hasBegun) fail(exchange, error);
    else if (!exchange.isAnswered) breakOff(exchange);
  });
  upstream.on('continue', () => passContinue(res));
  upstream.on('information', (information) => passInformation(information, res));
  upstream.on('close', () => {
    if (head.hasBody) discardRest(exchange.req, upstream);
    // Whatever else it was: an upgrade that nobody asked for ends without an error.
    fail(exchange, NO_ANSWER);
  });
  exchange.upstream = upstream;
  if (head.hasBody) {
    sendBody(exchange, upstream);
    return;
  }
  exchange.isSent = true;
  upstream.end();
}

/** An answer that was begun tells of its failure by itself. */
function fail(exchange: Exchange, error: NodeJS.ErrnoException): void {
  const { req, res } = exchange;
  if (exchange.status !== undefined || exchange.isOver) return;
  const failure = describeFailure(error);
  exchange.failure = failure.code;
  exchange.status = failure.status;
  answerProblem(req, res, failure);
}

function sendBody(exchange: Exchange, upstream: ClientRequest): void {
  const { req, res } = exchange;
  req.pipe(upstream, { end: false });
  req.once('end', () => {
    // Over HTTP/2 a body that is broken off ends like a whole one, and must not be taken for it.
    if (isReset(res)) {
      upstream.destroy();
      return;
    }
    exchange.isSent = true;
    if (req.rawTrailers.length > 0) upstream.addTrailers(trailersOf(req.rawTrailers));
    upstream.end();
  });
  // What came with the head has been written by then; a head alone must not wait for its body.
  process.nextTick(() => {
    if (!req.readableDidRead) upstream.flushHeaders();
  });
  if (req.headers.expect === undefined) return;
  const timer = setTimeout(() => {
    if (!res.headersSent) passContinue(res);
  }, CONTINUE_AFTER_MS).unref();
  const stop = (): void => clearTimeout(timer);
  upstream.once('continue', stop).once('response', stop).once('close', stop);
}

/** Nobody takes the rest of the body any more, and its client reads no answer until it has sent it. */
function discardRest(req: IncomingMessage, upstream: ClientRequest): void {
  req.unpipe(upstream);
  req.resume();
}
