import { type Duplex, Writable } from 'node:stream';
import type { CutPoint } from './cut-point.js';

export interface GateOptions {
  readonly sink: Duplex;
  readonly cutPoint: CutPoint | undefined;
  /** Bytes were handed to the kernel. */
  readonly onPassed: (count: number) => void;
  /** All bytes up to the cut were handed to the kernel. */
  readonly onCut: () => void;
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
      const { sink, cutPoint, onPassed, onCut } = this.#options;
      if (this.losesAll || !sink.writable) return callback();
      const bytes = cutPoint === undefined ? chunk : chunk.subarray(0, cutPoint.take(chunk));
      const isCut = cutPoint?.isReached === true;
      this.#isCut = isCut;
      const written = () => {
        onPassed(bytes.length);
        if (isCut) onCut();
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

  #whenOpen(action: () => void): void {
    if (this.#isPaused) this.#waiting = action;
    else action();
  }
}
