import type {
  BeatFormat,
  BoundaryTracker,
  Chunk,
  LateEnding,
  LateFailure,
  Place,
} from './format.js';

const LF = 0x0a;
const MEDIA_TYPES = new Set([
  'application/x-ndjson',
  'application/ndjson',
  'application/jsonl',
  'application/x-jsonlines',
  'application/jsonlines',
]);

/** At the start of a line or in one: the last byte says it. */
class NdjsonTracker implements BoundaryTracker {
  #atLineStart = true;

  push(chunk: Chunk): void {
    const { length } = chunk;
    if (length === 0) return;
    const last = typeof chunk === 'string' ? chunk.charCodeAt(length - 1) : chunk[length - 1];
    this.#atLineStart = last === LF;
  }

  place(): Place {
    return this.#atLineStart ? 'boundary' : 'closed';
  }
}

/**
 * Newline-delimited JSON. A space at the start of a line is the only beat that every common reader
 * takes; one before the very end leaves a blank tail, on which some of them stumble.
 */
export function createNdjsonFormat(pad: number, encode: (text: string) => Uint8Array): BeatFormat {
  const space = encode(' ');
  const padded = encode(' '.repeat(1 + pad));
  return {
    name: 'ndjson',
    contentType: 'application/x-ndjson',
    matches: (mediaType) => MEDIA_TYPES.has(mediaType),
    createTracker: () => new NdjsonTracker(),
    beat: (place, first) => (place === 'inside' ? undefined : first ? space : padded),
    lateFailure: (failure, place) => recordFailure(failure, place, '', '\n'),
  };
}

/** The error as the last record of a body that is made of records. */
export function recordFailure(
  failure: LateFailure,
  place: Place,
  start: string,
  end: string,
): LateEnding | undefined {
  if (place !== 'boundary') return undefined;
  const json = failure.json.replace(/[\r\n]+/g, ' ');
  const record = failure.kind === 'value' ? json : `{"error":${json}}`;
  return { text: start + record + end, cut: failure.kind === 'cut' };
}
