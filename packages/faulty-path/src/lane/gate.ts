import { type Duplex, Writable } from 'node:stream';
import type { CutPoint } from './cut-point.js';

export interface GateOptions {
  readonly sink: Duplex;
  readonly cutPoints: readonly CutPoint[];
  /** Bytes were handed to the kernel. */
  readonly onPassed: (count: number) => void;
  /** All bytes up to the cut were handed to the kernel. */
  readonly onCut: (point: CutPoint) => void;
  /** The end came to a gate that lets nothing through. */
  readonly onLostEnd: () => void;
}

/**
 * The last station of a lane: what passes it has left the path. One write at a time, so that what is
 * counted is what the kernel has taken, and a sink that takes nothing is felt at the source.
 */
export class Gate extends Writable {
  readonly #options: GateOptions;
  /** Bytes and ends vanish here. */
  isBlackHole = false;
  /** Behind a cut nothing comes through, ever. */
  #isCut = false;
  #isPaused = false;
  #waiting: (() => void) | undefined;

  constructor(options: GateOptions) {
    super();
    this.#options = options;
  }

  get losesAll(): boolean {
    return this.isBlackHole || this.#isCut;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    this.#whenOpen(() => {
      const { sink, onPassed, onCut } = this.#options;
      if (this.losesAll || !sink.writable) return callback();
      const [bytes, reached] = this.#upToCut(chunk);
      this.#isCut = reached !== undefined;
      const written = () => {
        onPassed(bytes.length);
        if (reached !== undefined) onCut(reached);
        callback();
      };
      if (bytes.length === 0) return written();
      // A sink that breaks says so by its own events.
      sink.write(bytes, (error) => (error ? callback() : written()));
    });
  }

  override _final(callback: () => void): void {
    this.#whenOpen(() => {
      const { sink, onLostEnd } = this.#options;
      if (this.losesAll || sink.destroyed) onLostEnd();
      else sink.end();
      callback();
    });
  }

  /** What still passes of a chunk, and the first cut that is reached with it. */
  #upToCut(chunk: Buffer): [passing: Buffer, reached: CutPoint | undefined] {
    let passing = chunk;
    let reached: CutPoint | undefined;
    for (const point of this.#options.cutPoints) {
      const bytes = chunk.subarray(0, point.take(chunk));
      if (!point.isReached || (reached !== undefined && bytes.length >= passing.length)) continue;
      passing = bytes;
      reached = point;
    }
    return [passing, reached];
  }

  #whenOpen(action: () => void): void {
    if (this.#isPaused) this.#waiting = action;
    else action();
  }
}
