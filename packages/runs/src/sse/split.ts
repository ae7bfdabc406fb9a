import { createParser } from 'eventsource-parser';
import type { EventEntry } from '../entry.js';
import { RunError } from '../errors.js';
import { frameLines } from './frame.js';
import { LineFeeds } from './line-feeds.js';

/**
 * Splits the bytes of an event stream into entries: comments and unknown fields go, `retry` stays, and
 * `id` is kept apart, since watchers get an id of ours that wraps it.
 */
export class EventSplitter {
  readonly #maxEventBytes: number;
  readonly #lines = new LineFeeds();
  // The byte order mark is left to LineFeeds, which sees text as well; only one is taken off.
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  /** The text since the last blank line. */
  #block: string[] = [];
  #blockLength = 0;
  /** The last id stays in force until another comes (HTML, section 9.2.6). */
  #lastId: string | undefined;

  /** In UTF-16 units of its text; what the log keeps is bounded in bytes by the owner. */
  constructor(maxEventBytes: number) {
    this.#maxEventBytes = maxEventBytes;
  }

  /**
   * The events that this chunk completes.
   * @throws RunError `entry_too_large`
   */
  push(chunk: Uint8Array | string): EventEntry[] {
    const decoded =
      typeof chunk === 'string' ? chunk : this.#decoder.decode(chunk, { stream: true });
    const text = this.#lines.replace(decoded);
    const entries: EventEntry[] = [];
    let from = 0;
    // A line feed at the very start may be the second of two.
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) {
      const isBlank = at > 0 ? text[at - 1] === '\n' : this.#endsWithLineFeed();
      if (!isBlank) continue;
      this.#add(text.slice(from, at + 1));
      from = at + 1;
      const entry = this.#finish();
      if (entry !== undefined) entries.push(entry);
    }
    this.#add(text.slice(from));
    return entries;
  }

  /**
   * What the end of the stream leaves: an event without its blank line is dropped, and with it its id,
   * but a `retry` counts from where its line ends (HTML, section 9.2.6).
   */
  end(): EventEntry | undefined {
    const block = this.#block.join('');
    this.#block = [];
    this.#blockLength = 0;
    const lines = block.slice(0, block.lastIndexOf('\n') + 1);
    const { retry } = parse(`${lines}\n`);
    if (retry === undefined) return undefined;
    const fields = { event: undefined, id: undefined, data: undefined, retry };
    return { kind: 'event', lines: frameLines(fields), ownId: this.#lastId };
  }

  #endsWithLineFeed(): boolean {
    return this.#block.length === 0 || this.#block.at(-1)?.endsWith('\n') === true;
  }

  #add(text: string): void {
    if (text === '') return;
    this.#blockLength += text.length;
    if (this.#blockLength > this.#maxEventBytes) {
      throw new RunError(
        'entry_too_large',
        `One event of the stream had more than ${this.#maxEventBytes} characters. Write smaller events, or raise maxEntryBytes.`,
      );
    }
    this.#block.push(text);
  }

  /** The block is complete; it may be only comments. */
  #finish(): EventEntry | undefined {
    const block = this.#block.join('');
    this.#block = [];
    this.#blockLength = 0;
    const fields = parseBlock(block);
    if (fields === undefined) return undefined;
    if (fields.id !== undefined) this.#lastId = fields.id;
    return { kind: 'event', lines: frameLines(fields), ownId: this.#lastId };
  }
}

/** The fields of one event. Without `data` no event is dispatched, but an id or a retry counts. */
export interface EventFields {
  readonly event: string | undefined;
  readonly id: string | undefined;
  readonly data: string | undefined;
  readonly retry: number | undefined;
}

/** `undefined` if there is nothing that a client would notice. */
function parseBlock(block: string): EventFields | undefined {
  const parsed = parse(block);
  if (parsed.event !== undefined) return { ...parsed.event, retry: parsed.retry };
  // The parser keeps silent about an event without data, whose id counts all the same.
  const { event, retry } = parse(`${block.slice(0, -1)}data\n\n`);
  if (event?.event === undefined && event?.id === undefined && retry === undefined)
    return undefined;
  return { event: event?.event, id: event?.id, data: undefined, retry };
}

function parse(block: string): { event: Omit<EventFields, 'retry'> | undefined; retry?: number } {
  const parsed: { event: Omit<EventFields, 'retry'> | undefined; retry?: number } = {
    event: undefined,
  };
  const parser = createParser({
    onEvent({ event, id, data }) {
      parsed.event = { event, id, data };
    },
    onRetry(ms) {
      // Beyond this it would be written with an exponent, which is no number of digits.
      parsed.retry = Math.min(ms, Number.MAX_SAFE_INTEGER);
    },
  });
  // The parser takes "ï»¿" at its start for a byte order mark; this is not its start any more.
  parser.feed('\n');
  parser.feed(block);
  return parsed;
}
