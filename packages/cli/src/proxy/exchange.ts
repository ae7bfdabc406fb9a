import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import type { Seat } from '@holdopen/core';
import type { UpstreamFailure } from './failure.js';
import type { HeldRoute } from './routes.js';

/** What one request and its answer have come to, for the log and the metrics. */
export interface Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** The pattern that it met, `undefined` where none did. */
  readonly route: string | undefined;
  readonly startMs: number;
  /** The work behind goes on when its client leaves. */
  readonly outlivesClient: boolean;
  /** Of the body behind, before beats and chunks. */
  bytes: number;
  /** What the server behind answered with, or we in its place. */
  status: number | undefined;
  /** Why the server behind gave no answer, or no whole one. */
  failure: UpstreamFailure['code'] | undefined;
  refused: string | undefined;
  /** Sent, or its client gone: nothing can be written any more. */
  isOver: boolean;
  /** The client left before the answer was complete. */
  left: boolean;
  held: HeldFacts | undefined;
  /** All of the request has gone on to the server behind. */
  isSent: boolean;
  /** All of the answer has come from there. */
  isAnswered: boolean;
  /** The request to the server behind, while there is one. */
  upstream: ClientRequest | undefined;
  /** Among those that are under way. */
  seat: Seat<Exchange> | undefined;
}

/** What became of an answer whose head was sent before it was known. */
export interface HeldFacts {
  beats: number;
  heldMs: number;
  how: string;
  /** The true status, where it became known late and was not 200. */
  lateStatus: number | undefined;
  /** Names of headers that could not travel any more. */
  readonly droppedHeaders: string[];
}

/** Told of each exchange. */
export interface Watcher {
  began(exchange: Exchange): void;
  /** It is over, however it went. */
  ended(exchange: Exchange): void;
}

/** Its client has left, and the server behind goes on with it, as was asked for. */
export function isUnattended({ left, outlivesClient, isSent }: Exchange): boolean {
  return left && outlivesClient && isSent;
}

export function createExchange(
  req: IncomingMessage,
  res: ServerResponse,
  route: HeldRoute | undefined,
): Exchange {
  return {
    req,
    res,
    route: route?.name,
    startMs: performance.now(),
    outlivesClient: route?.outlivesClient === true,
    bytes: 0,
    status: undefined,
    failure: undefined,
    refused: undefined,
    isOver: false,
    left: false,
    held: undefined,
    isSent: false,
    isAnswered: false,
    upstream: undefined,
    seat: undefined,
  };
}
