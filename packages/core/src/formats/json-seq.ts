import type { BeatFormat, BoundaryTracker, Chunk, Place } from './format.js';
import { JsonScanner } from './json.js';
import { recordFailure } from './ndjson.js';

const RS = 0x1e;
const LF = 0x0a;

/** Between two texts: after the LF that ends one, or after a RS that has none behind it yet. */
class JsonSeqTracker implements BoundaryTracker {
  #scanner = new JsonScanner();
  #between = true;

  push(chunk: Chunk): void {
    const text = typeof chunk === 'string';
    for (let i = 0; i < chunk.length; i++) {
      const code = text ? chunk.charCodeAt(i) : (chunk[i] as number);
      if (code === RS) {
        this.#scanner = new JsonScanner();
        this.#between = true;
        continue;
      }
      this.#scanner.next(code);
      this.#between = code === LF && this.#scanner.complete;
    }
  }

  place(): Place {
    return this.#between ? 'boundary' : 'closed';
  }
}

/**
 * JSON text sequences. A record separator more is no record: RFC 7464 section 2.1 has parsers skip
 * empty elements.
 */
export function createJsonSeqFormat(pad: number, encode: (text: string) => Uint8Array): BeatFormat {
  const separator = encode('\u001e');
  const padded = encode('\u001e'.repeat(1 + pad));
  return {
    name: 'json-seq',
    contentType: 'application/json-seq',
    matches: (mediaType) => mediaType === 'application/json-seq' || mediaType.endsWith('+json-seq'),
    createTracker: () => new JsonSeqTracker(),
    beat: (place, first) => (place === 'inside' ? undefined : first ? separator : padded),
    lateFailure: (failure, place) => recordFailure(failure, place, '\u001e', '\n'),
  };
}
