import { type LateHead, parseContentType } from '@holdopen/core';
import { EventReader } from './events.js';
import { JsonReader } from './json.js';
import { OpaqueReader } from './opaque.js';
import { RecordReader } from './records.js';

/** A stretch of a body, in the order in which it came. */
export interface Piece {
  readonly kind: 'beat' | 'data';
  /** How many beats; of data 1. */
  readonly count: number;
  readonly bytes: number;
}

/** What a body is if it ends where it stands. `unknown`: its type does not say. */
export type BodyState = 'blank' | 'incomplete' | 'whole' | 'unknown';

export type FormatName = 'json' | 'sse' | 'ndjson' | 'json-seq' | 'other';

/** Tells beats from data. Keeps no more of a body than a line's beginning. */
export interface BodyReader {
  readonly format: FormatName;
  /** Whether a beat could stand where the body stands now. */
  readonly takesBeat: boolean;
  readonly state: BodyState;
  readonly lateHead: LateHead | undefined;
  /** Of a stream that announces its interval itself. */
  readonly announcedMs: number | undefined;
  /** Whether an event said that the work has failed. */
  readonly toldFailure: boolean;
  /** Whole events or records that are no beats. */
  readonly records: number;
  read(bytes: Uint8Array): Piece[];
}

/** `held` is what the header `HoldOpen` says, which knows the format better than the content type. */
export function readerFor(
  contentType: string | undefined,
  held: { readonly format: string | undefined } | undefined,
  isOpaque: boolean,
): BodyReader {
  if (isOpaque) return new OpaqueReader();
  const isHeld = held !== undefined;
  switch (held?.format ?? formatOf(contentType)) {
    case 'json':
      return new JsonReader(isHeld);
    case 'sse':
      return new EventReader(isHeld);
    case 'ndjson':
      return new RecordReader('ndjson');
    case 'json-seq':
      return new RecordReader('json-seq');
    default:
      return new OpaqueReader();
  }
}

function formatOf(contentType: string | undefined): FormatName {
  const { mediaType } = parseContentType(contentType ?? '');
  if (mediaType === 'text/event-stream') return 'sse';
  if (mediaType === 'application/json-seq') return 'json-seq';
  if (/^application\/(?:x-)?(?:ndjson|jsonl|jsonlines)$/.test(mediaType)) return 'ndjson';
  return /^application\/(?:[^;]+\+)?json$/.test(mediaType) ? 'json' : 'other';
}

/** Adds to a list of pieces, so that neighbours of one kind are one piece. */
export function addPiece(pieces: Piece[], { kind, count, bytes }: Piece): void {
  const last = pieces.at(-1);
  if (last?.kind === kind) {
    const counts = kind === 'data' ? 1 : last.count + count;
    pieces[pieces.length - 1] = { kind, count: counts, bytes: last.bytes + bytes };
  } else pieces.push({ kind, count, bytes });
}
