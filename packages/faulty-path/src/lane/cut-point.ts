import type { Planned } from '../faults.js';

const HEAD_END = '\r\n\r\n';

/** Counts the bytes of a lane up to the one where it is cut. */
export class CutPoint {
  /** How many bytes still pass; unknown while the head that does not count is not over. */
  #left: number | undefined;
  readonly cut: Planned<'cut'>;
  /** The last bytes of a head, in which its end may have begun. */
  #tail = '';

  constructor(cut: Planned<'cut'>) {
    this.cut = cut;
    if (cut.from === 'connection') this.#left = cut.atByte;
  }

  /** How many of these bytes pass. */
  take(chunk: Buffer): number {
    const headBytes = this.#left === undefined ? this.#headBytes(chunk) : 0;
    if (this.#left === undefined) return chunk.length;
    const passing = Math.min(chunk.length - headBytes, this.#left);
    this.#left -= passing;
    return headBytes + passing;
  }

  get isReached(): boolean {
    return this.#left === 0;
  }

  /** How much of a chunk belongs to the head. If the head ends in it, counting begins. */
  #headBytes(chunk: Buffer): number {
    const text = this.#tail + chunk.toString('latin1');
    const end = text.indexOf(HEAD_END);
    if (end === -1) {
      this.#tail = text.slice(-(HEAD_END.length - 1));
      return chunk.length;
    }
    this.#left = this.cut.atByte;
    return end + HEAD_END.length - this.#tail.length;
  }
}
