import { type LateHead, MAX_LATE_HEAD_LENGTH, parseLateHead } from '../wire/late-head.js';
import { isSpace } from './json-scanner.js';

/** What no JSON value can begin with is the first character of an event stream. */
const STARTS_JSON = /[{["\-0-9tfn]/;

/** The beats before a held payload, and the late head in them. */
export class LeadingSpace {
  #space = '';

  /** What is left of a chunk behind the white space; empty while there is nothing but that. */
  strip(bytes: Uint8Array): Uint8Array {
    let at = 0;
    while (at < bytes.length && isSpace(bytes[at] as number)) at += 1;
    const from = Math.max(0, at - MAX_LATE_HEAD_LENGTH);
    const space = new TextDecoder().decode(bytes.subarray(from, at));
    this.#space = (this.#space + space).slice(-MAX_LATE_HEAD_LENGTH);
    return bytes.subarray(at);
  }

  get lateHead(): LateHead | undefined {
    return parseLateHead(this.#space);
  }
}

/** Whether a body that was announced as JSON is an event stream, by its first byte that is no space. */
export function startsEventStream(payload: Uint8Array): boolean {
  const [first] = payload;
  return first !== undefined && !STARTS_JSON.test(String.fromCharCode(first));
}
