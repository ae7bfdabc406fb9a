import { Buffer } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { HoldOpenError } from '@holdopen/core';
import { arrivedIn, beginAgain, stateOf } from './body-state.js';

const { setImmediate } = globalThis;

type Controller = ReadableStreamDefaultController<Uint8Array>;

/** So much is kept of a body before it is wanted: its sender may be a stranger. */
const MAX_UNASKED_BYTES = 1_048_576;

/** What tells that no more of it comes. */
const BROKEN = ['aborted', 'close', 'error'] as const;

/**
 * `listening` hears what comes in, and `heldUp` lets no more of it come; `wanted` has it come in, also if
 * nobody else reads it; `in` has all of it; `left` is over.
 */
type Phase = 'untouched' | 'listening' | 'heldUp' | 'wanted' | 'in' | 'left';

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
  #unlisten = (): void => {};

  constructor(req: IncomingMessage) {
    this.#req = req;
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
    const isHeldUp = this.#phase === 'heldUp';
    this.#phase = 'left';
    this.#controller = undefined;
    this.#pieces = [];
    this.#restore();
    if (isHeldUp) this.#letCome();
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
    beginAgain(req);
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
    const { push, _read } = req;
    const unlisten = standIn(req, 'push', (chunk: unknown, encoding?: BufferEncoding) => {
      this.#heard(chunk, encoding);
      return push.call(req, chunk, encoding) && this.#phase !== 'heldUp';
    });
    const letRead = standIn(req, '_read', (size: number) => {
      if (this.#phase !== 'heldUp') _read.call(req, size);
    });
    this.#unlisten = () => {
      unlisten();
      letRead();
    };
  }

  #heard(chunk: unknown, encoding: BufferEncoding | undefined): void {
    if (this.#phase === 'in' || this.#phase === 'left') return;
    if (chunk === null || chunk === undefined) this.#complete();
    else if (typeof chunk === 'string') this.#keep(Buffer.from(chunk, encoding));
    else if (chunk instanceof Uint8Array && chunk.length > 0) this.#keep(chunk);
  }

  #keep(piece: Uint8Array): void {
    this.#pieces.push(piece);
    this.#length += piece.length;
    this.#controller?.enqueue(piece);
    // Whoever reads it outside does not hear of more either, for the time being.
    const isTooMuch = this.#length > MAX_UNASKED_BYTES;
    if (isTooMuch && this.#phase === 'listening') this.#phase = 'heldUp';
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
    if (this.#phase === 'in') this.#complete();
    else if (req.destroyed) controller.error(broken());
    else this.#haveItCome(controller);
  }

  /** Makes room for all of it where it comes in, so that it comes without being read. */
  #haveItCome(controller: Controller): void {
    const req = this.#req;
    const state = stateOf(req);
    const isHeldUp = this.#phase === 'heldUp';
    this.#phase = 'wanted';
    const onBroken = (): void => {
      this.leave();
      controller.error(broken());
    };
    for (const name of BROKEN) req.once(name, onBroken);
    const unlisten = this.#unlisten;
    const { highWaterMark } = state;
    // Who asked for it has a bound of his own, and leaves beyond it.
    state.highWaterMark = Number.POSITIVE_INFINITY;
    this.#unlisten = () => {
      unlisten();
      for (const name of BROKEN) req.removeListener(name, onBroken);
      state.highWaterMark = highWaterMark;
    };
    if (isHeldUp) this.#letCome();
    // It is no reading: it only asks for more.
    req.read(0);
  }

  #restore(): void {
    this.#unlisten();
    this.#unlisten = () => {};
  }

  /** Whoever was not let read is still waiting for it. */
  #letCome(): void {
    this.#req._read(stateOf(this.#req).highWaterMark);
  }
}

/** Puts a function in the place of the request's. Gives what ends that. */
function standIn<Name extends 'push' | '_read'>(
  req: IncomingMessage,
  name: Name,
  own: IncomingMessage[Name],
): () => void {
  const before = Object.getOwnPropertyDescriptor(req, name);
  req[name] = own;
  return () => {
    // Others may stand in for it meanwhile.
    if (req[name] !== own) return;
    if (before === undefined) Reflect.deleteProperty(req, name);
    else Object.defineProperty(req, name, before);
  };
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
