import { Buffer } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import type { Transform } from 'node:stream';
import { types } from 'node:util';
import {
  type AnswerHead,
  type Chunk,
  exposedNames,
  type HeaderPair,
  type Hold,
  NEVER_LATE,
} from '@holdopen/core';
import { isForAnotherOrigin } from './commit.js';
import { cutResponse, type RealResponse } from './cut.js';
import { createDecoder } from './decode.js';
import type { Callback, HeldResponse } from './message.js';
import { headerPairs } from './sent-head.js';
import type { VirtualHead } from './virtual-head.js';

const { process } = globalThis;

/** What the arm lends the body of its held response. */
export interface BodyOwner {
  readonly request: IncomingMessage;
  readonly res: HeldResponse;
  /** Bytes have left: count the silence anew. */
  rearm(): void;
}

/** The head as the body needs to know it. */
export type BodyHead = Pick<
  VirtualHead,
  'sent' | 'inside' | 'prepared' | 'enter' | 'leave' | 'end' | 'headers'
>;

/** A head that the handler has sent itself: it is what it is, and there is nothing to hide. */
export class OwnHead implements BodyHead {
  readonly sent = true;
  readonly prepared: BodyHead['prepared'] = NOTHING_PREPARED;
  #inside = 0;

  get inside(): boolean {
    return this.#inside > 0;
  }

  enter(): void {
    this.#inside += 1;
  }

  leave(): void {
    this.#inside -= 1;
  }

  end(): void {}

  headers(): HeaderPair[] {
    return [];
  }
}

const NOTHING_PREPARED = { statusCode: 200, statusMessage: undefined, headers: [], sent: [] };

/** The part of a hold that its body speaks with. */
type BodyHold = Pick<
  Hold<IncomingMessage>,
  'state' | 'over' | 'answer' | 'write' | 'end' | 'undecodable'
>;

/** For a response that was answered in the handler's place: whatever it writes is dropped. */
export const REFUSED: BodyHold = {
  state: 'failed',
  over: true,
  answer() {},
  write: () => [],
  end: () => ({ chunks: [], cut: false }),
  undecodable() {},
};

/** What the handler writes after the commit: its head becomes a late head, its body the payload. */
export class HeldBody {
  readonly #owner: BodyOwner;
  readonly #hold: BodyHold;
  readonly #head: BodyHead;
  readonly #real: RealResponse;
  #decoder: Transform | undefined;
  readonly #waiting = new Set<Callback>();
  /** What is still to come of the Content-Length that the handler named, if it did. */
  #bytesLeft: number | undefined;
  /** `end` was called and the decoder still has bytes to give. */
  #ending = false;
  /** The hold is being ended: what hooks write meanwhile goes nowhere. */
  #finishing = false;

  constructor(owner: BodyOwner, hold: BodyHold, head: BodyHead, real: RealResponse) {
    this.#owner = owner;
    this.#hold = hold;
    this.#head = head;
    this.#real = real;
  }

  write(args: unknown[]): boolean {
    const { res, write } = this.#real;
    if (this.#head.inside) return write.apply(res, args);
    const [data, encoding] = args;
    const callback = args.find((arg) => typeof arg === 'function') as Callback | undefined;
    if (this.#dropped(callback)) return true;
    const chunk = toChunk(data, encoding);
    // After the end, and for what is no chunk at all, Node's own error is the right one.
    if (this.#hold.over || chunk === undefined) return this.#inside(() => write.apply(res, args));
    if (this.#ending) return this.#writeAfterEnd(callback);
    this.#begin();
    if (this.#dropped(callback)) return true;
    this.#countDown(chunk);
    if (this.#decoder !== undefined) {
      return this.#decoder.write(asBytes(chunk), this.#untilClose(callback));
    }
    return this.#send(this.#hold.write(chunk), callback);
  }

  end(args: unknown[]): HeldResponse {
    const { res, end } = this.#real;
    if (this.#head.inside) return end.apply(res, args);
    const callback = args.find((arg) => typeof arg === 'function') as Callback | undefined;
    if (this.#dropped(callback)) return res;
    // As Node has it, nothing is written of what counts as false.
    const data = typeof args[0] === 'function' || !args[0] ? undefined : args[0];
    const chunk = data === undefined ? undefined : toChunk(data, args[1]);
    const invalid = data !== undefined && chunk === undefined;
    if (this.#hold.over || invalid) return this.#inside(() => end.apply(res, args));
    if (this.#ending) {
      if (chunk !== undefined) this.#writeAfterEnd(callback);
      else if (callback !== undefined) res.once('finish', callback);
      return res;
    }
    this.#begin();
    this.#countDown(chunk);
    if (this.#bytesLeft !== undefined && this.#bytesLeft !== 0) {
      this.#hold.undecodable('The payload was not as long as its Content-Length said.');
    }
    if (this.#dropped(callback)) return res;
    if (this.#decoder === undefined) this.#finish(chunk, callback);
    else this.#endDecoder(this.#decoder, chunk, callback);
    return res;
  }

  #endDecoder(decoder: Transform, chunk: Chunk | undefined, callback: Callback | undefined): void {
    this.#ending = true;
    decoder.once('end', () => this.#finish(undefined, callback));
    // The hold has failed by then and is on its way out.
    if (callback !== undefined) {
      decoder.once('error', () => this.#real.res.once('finish', callback));
      const atClose = this.#untilClose(callback);
      decoder.once('end', () => this.#waiting.delete(atClose));
      decoder.once('error', () => this.#waiting.delete(atClose));
    }
    if (chunk === undefined) decoder.end();
    else decoder.end(asBytes(chunk));
  }

  /** The handler has ended, though the decoder has not: what Node does by itself after an end. */
  #writeAfterEnd(callback: Callback | undefined): boolean {
    const { res } = this.#real;
    const error = Object.assign(new Error('write after end'), {
      code: 'ERR_STREAM_WRITE_AFTER_END',
    });
    process.nextTick(() => {
      callback?.(error);
      if (!res.destroyed) res.emit('error', error);
    });
    return true;
  }

  /** The hold was ended without the handler, whose words go nowhere now; its callbacks still come. */
  #dropped(callback: Callback | undefined): boolean {
    if (this.#hold.state !== 'failed' && !this.#finishing) return false;
    if (callback !== undefined) process.nextTick(callback);
    return true;
  }

  /** The handler's head is complete: from here on it is known what becomes of the body. */
  #begin(): void {
    const { res } = this.#owner;
    if (!this.#head.sent) res.writeHead(res.statusCode);
    if (this.#hold.state !== 'held') return;
    const headers = this.#head.headers();
    const encoding = headers.find(([name]) => name === 'content-encoding')?.[1];
    const decoder = createDecoder(encoding);
    if (decoder === undefined) {
      this.#hold.undecodable(`The payload came with the content coding ${encoding}.`);
      return;
    }
    if (decoder !== 'identity') this.#decodeWith(decoder);
    const length = headers.find(([name]) => name === 'content-length')?.[1];
    // An error is told of in any case.
    if (length !== undefined && res.statusCode < 400) this.#bytesLeft = Number(length);
    this.#hold.answer(this.#answerHead(headers));
  }

  #countDown(chunk: Chunk | undefined): void {
    if (chunk === undefined || this.#bytesLeft === undefined) return;
    this.#bytesLeft -= typeof chunk === 'string' ? Buffer.byteLength(chunk) : chunk.length;
  }

  #answerHead(headers: readonly HeaderPair[]): AnswerHead {
    const { request } = this.#owner;
    const pairs = headerPairs(Object.fromEntries(this.#head.prepared.sent));
    const sent = new Set(pairs.map(([name, value]) => `${name}: ${value}`));
    const late = headers.filter(
      ([name, value]) => !NEVER_LATE.has(name) && !sent.has(`${name}: ${value}`),
    );
    const names = headers.filter(([name]) => name === 'access-control-expose-headers');
    const allowed = new Set(headers.map(([name]) => name));
    const foreign = isForAnotherOrigin(request, { hasHeader: (name) => allowed.has(name) });
    const type = headers.find(([name]) => name === 'content-type')?.[1];
    const withCredentials = headers.some(
      ([name, value]) => name === 'access-control-allow-credentials' && value === 'true',
    );
    return {
      status: this.#owner.res.statusCode,
      contentType: type,
      isHeld: headers.some(([name]) => name === 'holdopen'),
      headers: late,
      exposed: foreign
        ? exposedNames(
            names.map(([, value]) => value),
            withCredentials,
          )
        : undefined,
    };
  }

  #decodeWith(decoder: Transform): void {
    const { res } = this.#owner;
    this.#decoder = decoder;
    decoder.on('data', (bytes: Buffer) => {
      if (this.#hold.over) return;
      if (this.#send(this.#hold.write(bytes), undefined)) return;
      decoder.pause();
      res.once('drain', () => decoder.resume());
    });
    // The handler waits for its response to drain, and what fills up is the decoder.
    decoder.on('drain', () => res.emit('drain'));
    decoder.once('error', () => {
      this.#hold.undecodable('The payload did not match its content coding.');
    });
    // A client that has left drains nothing any more.
    res.once('close', () => {
      decoder.destroy();
      for (const call of [...this.#waiting]) call();
    });
  }

  /** A decoder that is destroyed does not call back for what it was busy with. */
  #untilClose(callback: Callback | undefined): Callback {
    const call: Callback = (error) => {
      if (this.#waiting.delete(call)) callback?.(error);
    };
    this.#waiting.add(call);
    return call;
  }

  #send(chunks: readonly Chunk[], callback: Callback | undefined): boolean {
    const { res, write } = this.#real;
    const last = chunks.length - 1;
    if (last < 0) {
      // What stays back is no sign to the client, so the next beat is due as before.
      if (callback !== undefined) process.nextTick(callback);
      return !res.writableNeedDrain;
    }
    this.#owner.rearm();
    return this.#inside(() => {
      for (const chunk of chunks.slice(0, -1)) write.call(res, chunk);
      return callback === undefined
        ? write.call(res, chunks[last])
        : write.call(res, chunks[last], callback);
    });
  }

  #finish(chunk: Chunk | undefined, callback: Callback | undefined): void {
    const { res, write, end } = this.#real;
    if (this.#dropped(callback)) return;
    this.#finishing = true;
    const { chunks, cut } = this.#hold.end(chunk);
    this.#finishing = false;
    this.#inside(() => {
      this.#head.end();
      if (cut) {
        cutResponse(this.#real, chunks, callback);
        return;
      }
      for (const one of chunks.slice(0, -1)) write.call(res, one);
      const last = chunks.at(-1);
      const rest = callback === undefined ? [] : [callback];
      end.apply(res, last === undefined ? rest : [last, ...rest]);
    });
  }

  #inside<Result>(call: () => Result): Result {
    this.#head.enter();
    try {
      return call();
    } finally {
      this.#head.leave();
    }
  }
}

/** What was handed to `write`, as bytes or as text that leaves as UTF-8; `undefined` if it is neither. */
export function toChunk(data: unknown, encoding: unknown): Chunk | undefined {
  if (typeof data === 'string') {
    if (typeof encoding !== 'string' || encoding === '' || /^utf-?8$/i.test(encoding)) return data;
    // Of an unknown one this throws what Node throws.
    return Buffer.from(data, encoding as BufferEncoding);
  }
  // Those of another realm, too, as Node takes them.
  return types.isUint8Array(data) ? data : undefined;
}

function asBytes(chunk: Chunk): Uint8Array {
  return typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
}
