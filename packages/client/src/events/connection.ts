import { createParser, type EventSourceMessage, type EventSourceParser } from 'eventsource-parser';
import { idWithoutData, TAIL_LENGTH } from '../run/cursor.js';
import { parseComment } from '../wire/comment.js';
import type { OpenStream } from './open.js';

/** In characters. A longer one is none that anybody meant. */
const MAX_EVENT_LENGTH = 32 * 1_048_576;

/** The events of one connection. */
export class Connection {
  /** The true status of what comes next, if a comment has told it. */
  lateStatus: number | undefined;
  /** The last thing that the server said is when to come back: it shuts down. */
  saysComeBack = false;
  readonly #stream: OpenStream;
  readonly #parser: EventSourceParser;
  readonly #decoder = new TextDecoder();
  #first: Uint8Array | undefined;
  #tail = '';
  /** The parser takes no more. */
  #isTooLong = false;

  constructor(
    stream: OpenStream,
    onEvent: (event: EventSourceMessage) => void,
    onRetry: (retryMs: number) => void,
  ) {
    this.#stream = stream;
    this.#first = stream.first;
    this.#parser = createParser({
      onEvent: (event) => {
        this.saysComeBack = false;
        onEvent(event);
      },
      maxBufferSize: MAX_EVENT_LENGTH,
      onError: ({ type }) => {
        this.#isTooLong ||= type === 'max-buffer-size-exceeded';
      },
      onRetry: (retryMs) => {
        this.saysComeBack = true;
        onRetry(retryMs);
      },
      onComment: (text) => {
        const { lateHead } = parseComment(text) ?? {};
        if (lateHead !== undefined) this.lateStatus = lateHead.status;
      },
    });
  }

  /** Reads on, and gives its events to `onEvent`. `false` at an end that HTTP calls one. */
  async read(): Promise<boolean> {
    const bytes = this.#first ?? (await this.#stream.exchange.read());
    this.#first = undefined;
    if (bytes === undefined) {
      // The parser waits for what could belong to it still.
      if (this.#tail.endsWith('\r')) this.#parser.feed('\n');
      return false;
    }
    const text = this.#decoder.decode(bytes, { stream: true });
    this.#tail =
      text.length < TAIL_LENGTH
        ? (this.#tail + text).slice(-TAIL_LENGTH)
        : text.slice(-TAIL_LENGTH);
    try {
      this.#parser.feed(text);
    } catch (error) {
      throw this.#isTooLong ? this.#stream.exchange.malformed(error) : error;
    }
    return true;
  }

  /** The last place that was told without an event. */
  get lastPlace(): string | undefined {
    return idWithoutData(this.#tail);
  }

  get bytes(): number {
    return this.#stream.exchange.bytes;
  }

  close(): Promise<void> {
    return this.#stream.exchange.cancel();
  }
}
