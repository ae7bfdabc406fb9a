import { parseComment } from '../wire/comment.js';
import type { LateHead } from '../wire/late-head.js';
import type { Tracker } from './tracker.js';

const COLON = 0x3a;
/** No comment of ours is longer: 256 bytes of late head, escaped. */
const MAX_COMMENT_BYTES = 1_024;

/**
 * Knows by the last bytes whether an event stream stands between two events, and reads the comments of
 * holdopen that open a chunk, as they leave the server. One that a hop has moved is missed, which makes
 * the watchdog more patient and nothing else.
 */
export class SseTracker implements Tracker {
  /** Of an interval that the stream announces itself. */
  intervalMs: number | undefined;
  lateHead: LateHead | undefined;
  /** The last four characters. The start of a stream is a boundary. */
  #tail = '\n\n';

  get atBoundary(): boolean {
    return /[\r\n]{2}$/.test(this.#tail.replace(/\r\n/g, '\n'));
  }

  push(bytes: Uint8Array): void {
    if (bytes[0] === COLON && this.atBoundary) this.#readComment(bytes);
    this.#tail = (this.#tail + String.fromCharCode(...bytes.subarray(-4))).slice(-4);
  }

  #readComment(bytes: Uint8Array): void {
    const text = new TextDecoder().decode(bytes.subarray(1, MAX_COMMENT_BYTES));
    const comment = parseComment(/^.*/.exec(text)?.[0] ?? '');
    this.intervalMs ??= comment?.intervalMs;
    this.lateHead ??= comment?.lateHead;
  }
}
