import type { IncomingMessage } from 'node:http';
import { ClockEntry } from '@holdopen/core';
import type { EndFunction, HeldResponse, WriteFunction } from './message.js';

/** Whoever takes what is written to a response, and is told when it closes. */
export abstract class Taker extends ClockEntry {
  abstract readonly res: TakenResponse;
  /** The functions of the response's prototype lead here, and it has none of its own. */
  abstract readonly hooks: object | undefined;
  abstract onWrite(args: unknown[]): boolean;
  abstract onEnd(args: unknown[]): HeldResponse;
  abstract onClose(): void;
}

/** Where a response keeps its taker, if it cannot be found by its request. */
const TAKER: unique symbol = Symbol('holdOpen');

export type TakenResponse = HeldResponse & { [TAKER]?: Taker };

/** Who takes what is written to this response. */
export function takerOf(res: TakenResponse): Taker | undefined {
  const own = res[TAKER];
  if (own !== undefined) return own;
  const handle: unknown = res.req?.holdOpen;
  return handle instanceof Taker && handle.res === res ? handle : undefined;
}

/**
 * The response names its request, and the request its handle, so that the response needs no property
 * of its own. Unless somebody made another response for the same request, or another request for the
 * same response.
 */
export function rememberTaker(
  req: IncomingMessage,
  res: TakenResponse,
  taker: Taker & NonNullable<IncomingMessage['holdOpen']>,
): void {
  const other: unknown = req.holdOpen;
  if (other instanceof Taker) keepTaker(other.res, other);
  if (res.req !== req) keepTaker(res, taker);
  req.holdOpen = taker;
}

/** From here on it is found whatever becomes of the request's handle. */
export function keepTaker(res: TakenResponse, taker: Taker): void {
  res[TAKER] = taker;
}

/** Puts our functions in the place of the response's, where nobody has put others on it. */
export function putFunctions(res: TakenResponse): void {
  if (!Object.hasOwn(res, 'write')) res.write = takenWrite as WriteFunction;
  if (!Object.hasOwn(res, 'end')) res.end = takenEnd as EndFunction;
}

/** The same, also over those that some middleware has put there. */
export function replaceFunctions(res: TakenResponse): void {
  res.write = takenWrite as WriteFunction;
  res.end = takenEnd as EndFunction;
}

/** Shared by all responses. */
export function onResponseClose(this: TakenResponse): void {
  takerOf(this)?.onClose();
}

function takenWrite(this: TakenResponse, ...args: unknown[]): boolean {
  return (takerOf(this) as Taker).onWrite(args);
}

function takenEnd(this: TakenResponse, ...args: unknown[]): HeldResponse {
  return (takerOf(this) as Taker).onEnd(args);
}
