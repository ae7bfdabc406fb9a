import { RunError } from './errors.js';
import { SETTLED_STATES, type SettledState } from './store.js';

/** What a handler answered before its body. Only headers of the allow-list. */
export interface RunHead {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** What one entry is: an event of an event stream, or a chunk of any other body. */
  readonly unit: 'event' | 'chunk';
}

/** One event of an event stream, as its watchers get it. */
export interface EventEntry {
  readonly kind: 'event';
  /** Its lines but for `id`, each with a line feed; without the blank line at the end. */
  readonly lines: string;
  /** The application's own last event id at this event, which may be of an earlier one. */
  readonly ownId: string | undefined;
}

export interface ChunkEntry {
  readonly kind: 'chunk';
  /** Any bytes, UTF-8 or not. */
  readonly bytes: Uint8Array;
}

/** The last entry of every run. */
export interface EndEntry {
  readonly kind: 'end';
  readonly state: SettledState;
  /** The status that the run came to: the handler's, or the one that tells why there is none. */
  readonly status: number;
  /** Why, in the words of problem objects. */
  readonly code?: string | undefined;
  /** A sentence for the client. */
  readonly detail?: string | undefined;
}

export type Entry = EventEntry | ChunkEntry | EndEntry;

/** The first byte says what it is. A log outlives a deploy, so no number is ever used anew. */
const HEAD = 1;
const EVENT = 2;
const EVENT_WITH_ID = 3;
const CHUNK = 4;
const END = 5;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The bytes are a copy: a handler may reuse its buffer. */
export function encodeEntry(entry: Entry): Uint8Array {
  switch (entry.kind) {
    case 'chunk':
      return tagged(CHUNK, entry.bytes);
    case 'event':
      return entry.ownId === undefined
        ? tagged(EVENT, encoder.encode(entry.lines))
        : // An id has no line feed, so the first one ends it.
          tagged(EVENT_WITH_ID, encoder.encode(`${entry.ownId}\n${entry.lines}`));
    case 'end': {
      const { state, status, code, detail } = entry;
      return tagged(END, encoder.encode(JSON.stringify({ state, status, code, detail })));
    }
  }
}

/** @throws RunError `corrupt_entry` */
export function decodeEntry(bytes: Uint8Array): Entry {
  const payload = bytes.subarray(1);
  switch (bytes[0]) {
    case CHUNK:
      return { kind: 'chunk', bytes: payload };
    case EVENT:
      return { kind: 'event', lines: text(payload), ownId: undefined };
    case EVENT_WITH_ID: {
      const whole = text(payload);
      const end = whole.indexOf('\n');
      if (end === -1) throw corrupt('an event without its lines');
      return { kind: 'event', lines: whole.slice(end + 1), ownId: whole.slice(0, end) };
    }
    case END:
      return endOf(json(payload));
    default:
      throw corrupt(`the kind ${bytes[0] ?? 'of nothing'}`);
  }
}

export function encodeHead(head: RunHead): Uint8Array {
  const { status, headers, unit } = head;
  return tagged(HEAD, encoder.encode(JSON.stringify({ status, headers, unit })));
}

/** @throws RunError `corrupt_entry` */
export function decodeHead(bytes: Uint8Array): RunHead {
  const value = bytes[0] === HEAD ? json(bytes.subarray(1)) : undefined;
  if (typeof value === 'object' && value !== null) {
    const { status, headers, unit } = value as Record<string, unknown>;
    if (
      typeof status === 'number' &&
      (unit === 'event' || unit === 'chunk') &&
      Array.isArray(headers) &&
      headers.every(isHeader)
    ) {
      return { status, headers, unit };
    }
  }
  throw corrupt('a head that is none');
}

/** The end that watchers and sweepers write for an owner that is gone. */
export function lostEntry(): EndEntry {
  return {
    kind: 'end',
    state: 'lost',
    // Not 503: that says that nothing was done, and that the same key starts anew.
    status: 500,
    code: 'lost',
    detail: 'The process that ran this work is gone; how far it came is not known.',
  };
}

function isHeader(value: unknown): value is [string, string] {
  return (
    Array.isArray(value) && value.length === 2 && value.every((one) => typeof one === 'string')
  );
}

function endOf(value: unknown): EndEntry {
  if (typeof value === 'object' && value !== null) {
    const { state, status, code, detail } = value as Record<string, unknown>;
    const known = SETTLED_STATES.find((one) => one === state);
    if (known !== undefined && typeof status === 'number') {
      return {
        kind: 'end',
        state: known,
        status,
        ...(typeof code === 'string' ? { code } : {}),
        ...(typeof detail === 'string' ? { detail } : {}),
      };
    }
  }
  throw corrupt('an end that is none');
}

function tagged(kind: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(payload.length + 1);
  bytes[0] = kind;
  bytes.set(payload, 1);
  return bytes;
}

function text(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw corrupt('text that is not UTF-8', cause);
  }
}

function json(bytes: Uint8Array): unknown {
  const source = text(bytes);
  try {
    return JSON.parse(source);
  } catch (cause) {
    throw corrupt('JSON that cannot be parsed', cause);
  }
}

function corrupt(what: string, cause?: unknown): RunError {
  return new RunError(
    'corrupt_entry',
    `The log of a run has ${what}. It was changed by something else, sealed with another key, or written by a newer holdopen: let all processes run the same version.`,
    { cause },
  );
}
