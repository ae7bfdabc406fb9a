import { Buffer } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { HoldOpenError } from '@holdopen/core';
import { arrivedIn, type BodyState, stateOf } from './body-state.js';

const { setImmediate } = globalThis;

type Controller = ReadableStreamDefaultController<Uint8Array>;

/** So much is kept of a body before anybody has said that he wants it: its sender may be a stranger. */
const MAX_UNASKED_BYTES = 1_048_576;

/** What tells that no more of it comes. */
const BROKEN = ['aborted', 'close', 'error'] as const;

/**
 * `listening` hears what comes in; `wanted` has it come in, also if nobody else reads it; `in` has all of
 * it. `lost`: more came in than could be kept. `left` is over.
 */
type Phase = 'untouched' | 'listening' | 'wanted' | 'in' | 'lost' | 'left';

/**
 * The body of a request, known before its handler reads it. It is heard as it comes in, and not read, so
 * that nobody who has listened before misses any of it: middleware that counts, hashes or copies it.
 */
export class IncomingBody {
  readonly #req: IncomingMessage;
  #phase: Phase = 'untouched';
  #pieces: Uint8Array[] = [];
  #length = 0;
  #controller: Controller | undefined;
  #isHeldUp = false;
  #highWaterMark = 0;
  #unlisten = (): void => {};

  constructor(req: IncomingMessage) {
    this.#req = req;
  }

  /** More came in than could be kept before it was wanted. */
  get isLost(): boolean {
    return this.#phase === 'lost';
  }

  /**
   * Listens from now on, since others may be reading. `null` if the request has no body, or if some of
   * it was read before.
   */
  stream(): ReadableStream<Uint8Array> | null {
    const req = this.#req;
    if (!hasBody(req) || wasRead(req)) return null;
    this.#listen();
    return new ReadableStream<Uint8Array>(
      {
        // Not before somebody wants it: a request that is refused is left alone.
        pull: (controller) => {
          if (this.#controller === undefined) this.#want(controller);
        },
        cancel: () => {
          this.leave();
          // What is still to come must not stop the connection.
          req.resume();
        },
      },
      { highWaterMark: 0 },
    );
  }

  /** Nobody wants to know any more. */
  leave(): void {
    if (this.#phase === 'untouched' || this.#phase === 'left') return;
    this.#phase = 'left';
    this.#controller = undefined;
    this.#pieces = [];
    this.#restore();
  }

  /**
   * For the work that begins, when the body is in: resolves when whoever has begun to read it outside is
   * done. `undefined` if nobody has, and it is all there for the work.
   */
  heardOutside(): Promise<void> | undefined {
    const req = this.#req;
    if (this.#phase !== 'in') return undefined;
    const isReading =
      req.readableFlowing === true ||
      (req.readableDidRead && LISTENED.some((name) => req.listenerCount(name) > 0));
    return isReading || req.readableEnded ? endOf(req) : undefined;
  }

  /** The work finds all of it. Gives whether others have read it before, so that they hear no more. */
  giveToWork(): boolean {
    const req = this.#req;
    const isWhole = this.#phase === 'in';
    const pieces = this.#pieces;
    this.leave();
    if (!isWhole || !wasRead(req)) return false;
    const { highWaterMark, autoDestroy } = stateOf(req);
    const encoding = req.readableEncoding;
    // As if it had come in just now: there is no way to begin a stream again.
    const { _readableState: again } = new Readable({
      ...{ highWaterMark, autoDestroy },
      ...(encoding === null ? {} : { encoding }),
    }) as unknown as { readonly _readableState: BodyState };
    Reflect.set(req, '_readableState', again);
    for (const piece of pieces) req.push(piece);
    req.push(null);
    return true;
  }

  #listen(): void {
    const req = this.#req;
    this.#phase = 'listening';
    for (const piece of arrivedIn(req)) this.#keep(piece);
    if (stateOf(req).ended) {
      this.#phase = 'in';
      return;
    }
    const { push } = req;
    const wasOwn = Object.hasOwn(req, 'push');
    const listening = (chunk: unknown, encoding?: BufferEncoding): boolean => {
      this.#heard(chunk, encoding);
      return push.call(req, chunk, encoding);
    };
    req.push = listening;
    this.#unlisten = () => {
      // Others may stand in for it meanwhile.
      if (req.push !== listening) return;
      if (wasOwn) req.push = push;
      else Reflect.deleteProperty(req, 'push');
    };
  }

  #heard(chunk: unknown, encoding: BufferEncoding | undefined): void {
    const isComing = this.#phase === 'listening' || this.#phase === 'wanted';
    if (!isComing) return;
    if (chunk === null || chunk === undefined) this.#complete();
    else if (typeof chunk === 'string') this.#keep(Buffer.from(chunk, encoding));
    else if (chunk instanceof Uint8Array && chunk.length > 0) this.#keep(chunk);
  }

  #keep(piece: Uint8Array): void {
    this.#pieces.push(piece);
    this.#length += piece.length;
    this.#controller?.enqueue(piece);
    if (this.#phase !== 'listening' || this.#length <= MAX_UNASKED_BYTES) return;
    if (this.#length > 2 * MAX_UNASKED_BYTES) {
      this.#phase = 'lost';
      this.#pieces = [];
      return;
    }
    // Whoever reads it outside does not hear of it either, for the time being.
    if (this.#req.readableFlowing !== true) return;
    this.#isHeldUp = true;
    this.#req.pause();
  }

  #complete(): void {
    this.#phase = 'in';
    const controller = this.#controller;
    if (controller === undefined) return;
    this.#controller = undefined;
    this.#restore();
    const { 'content-length': length, 'transfer-encoding': coding } = this.#req.headers;
    // Somebody has taken some of it in a way of his own.
    if (coding === undefined && this.#length < Number(length ?? 0)) controller.error(bodyTaken());
    else controller.close();
  }

  #want(controller: Controller): void {
    const req = this.#req;
    for (const piece of this.#pieces) controller.enqueue(piece);
    this.#controller = controller;
    if (this.#phase === 'lost') controller.error(bodyTaken());
    else if (this.#phase === 'in') this.#complete();
    else if (req.destroyed) controller.error(broken());
    else this.#haveItCome(controller);
  }

  /** Makes room for all of it where it comes in, so that it comes without being read. */
  #haveItCome(controller: Controller): void {
    const req = this.#req;
    const state = stateOf(req);
    this.#phase = 'wanted';
    const onBroken = (): void => {
      this.leave();
      controller.error(broken());
    };
    for (const name of BROKEN) req.once(name, onBroken);
    const unlisten = this.#unlisten;
    this.#highWaterMark = state.highWaterMark;
    // Who asked for it has a bound of his own, and leaves beyond it.
    state.highWaterMark = Number.POSITIVE_INFINITY;
    this.#unlisten = () => {
      unlisten();
      for (const name of BROKEN) req.removeListener(name, onBroken);
      state.highWaterMark = this.#highWaterMark;
    };
    this.#letGoOn();
    // Without a number it is no reading: it only asks for more.
    req.read(0);
  }

  #restore(): void {
    this.#unlisten();
    this.#unlisten = () => {};
    this.#letGoOn();
  }

  #letGoOn(): void {
    if (!this.#isHeldUp) return;
    this.#isHeldUp = false;
    this.#req.resume();
  }
}

/** Who reads a stream listens for one of them. */
const LISTENED = ['data', 'readable'] as const;

/** Somebody has begun to read it, and who was to get it has it. */
export function wasRead(req: IncomingMessage): boolean {
  return req.readableDidRead || req.readableEnded;
}

/** RFC 9112 section 6.3; over HTTP/2 the stream says whether there is one. */
export function hasBody(req: IncomingMessage): boolean {
  if (req.httpVersionMajor === 2) {
    const { stream } = req as { stream?: { readonly endAfterHeaders?: boolean } };
    return stream?.endAfterHeaders !== true;
  }
  const { 'content-length': length, 'transfer-encoding': coding } = req.headers;
  return coding !== undefined || Number(length ?? 0) > 0;
}

/** Resolves when it was read to its end, or is destroyed, and done with that. */
function endOf(req: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      // Of a client that has left it says that it is closed, too.
      if (!req.readableEnded && !req.destroyed) return;
      for (const name of ENDS) req.removeListener(name, look);
      setImmediate(resolve);
    };
    for (const name of ENDS) req.on(name, look);
    look();
  });
}

const ENDS = ['end', 'close'] as const;

function broken(): Error {
  return new Error('The request was aborted while its body came in.');
}

function bodyTaken(): HoldOpenError {
  return new HoldOpenError(
    'HOLDOPEN_WRONG_MOUNT',
    'Some of the body of a request with a key was read before holdOpen saw it, so that payloads cannot be compared. Mount holdOpen before whatever reads it.',
  );
}
