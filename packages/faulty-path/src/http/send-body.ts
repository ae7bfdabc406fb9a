import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { MAX_DELAY_MS } from '../fields.js';
import { forwardedFields } from './fields.js';
import type { HopHabits } from './hop.js';

const LENGTH = new Set(['content-length']);

/** Sends an answer on, as late and as truthfully as the hop is wont to. */
export async function sendBody(
  answer: IncomingMessage,
  response: ServerResponse,
  { untilBytes, untilMs, lieAtByte }: HopHabits,
): Promise<void> {
  const isLying = lieAtByte !== undefined;
  const kept = new Kept(response, untilBytes, untilMs);
  response.sendDate = false;
  response.writeHead(
    answer.statusCode ?? 502,
    answer.statusMessage,
    // Who lies about the end cannot have said where it is.
    forwardedFields(answer, isLying && response.req.method !== 'HEAD' ? LENGTH : new Set()),
  );
  if (untilBytes === 0) response.flushHeaders();

  let left = lieAtByte ?? Number.POSITIVE_INFINITY;
  try {
    if (left > 0) {
      for await (const bytes of answer) {
        await kept.add(bytes.subarray(0, left));
        left -= bytes.length;
        if (left <= 0) break;
      }
    }
  } catch {
    // Broken off, or the client has left, who then does not hear the lie either.
    if (!isLying) {
      kept.release(() => response.destroy());
      return;
    }
  }
  kept.release();
  response.end();
}

/** Bytes that wait for others. */
class Kept {
  readonly #response: ServerResponse;
  readonly #untilBytes: number;
  readonly #untilMs: number;
  #pieces: Buffer[] = [];
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(response: ServerResponse, untilBytes: number, untilMs: number) {
    this.#response = response;
    this.#untilBytes = untilBytes;
    this.#untilMs = untilMs;
    response.once('close', () => clearTimeout(this.#timer));
  }

  async add(piece: Buffer): Promise<void> {
    this.#pieces.push(piece);
    this.#bytes += piece.length;
    if (this.#bytes >= this.#untilBytes) this.release();
    else if (this.#timer === undefined && this.#untilMs <= MAX_DELAY_MS) {
      this.#timer = setTimeout(() => this.release(), this.#untilMs);
    }
    if (!this.#response.writableNeedDrain || this.#response.destroyed) return;
    const gone = new AbortController();
    const stop = () => gone.abort();
    this.#response.once('close', stop);
    await once(this.#response, 'drain', { signal: gone.signal });
    this.#response.off('close', stop);
  }

  /** `then`: what is done once they have gone. */
  release(then?: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const pieces = this.#pieces.splice(0);
    this.#bytes = 0;
    if (pieces.length > 0) this.#response.write(Buffer.concat(pieces), () => then?.());
    else then?.();
  }
}
