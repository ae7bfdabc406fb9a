import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Chunk } from '../src/formats/format.js';
import { createJsonFormat, JsonScanner, JsonTracker } from '../src/formats/json.js';
import {
  bytesOf,
  concat,
  decode,
  everySplit,
  jsonSpace,
  jsonTexts,
  parses,
  split,
  splittings,
} from './support.js';

function beaten(chunks: readonly Chunk[], pad = 0) {
  const format = createJsonFormat(pad, bytesOf);
  const tracker = new JsonTracker();
  const wire: Chunk[] = [];
  let beats = 0;
  const beat = (): void => {
    const place = tracker.place();
    const bytes = place === 'closed' ? undefined : format.beat(place, beats === 0);
    if (bytes === undefined) return;
    beats += 1;
    wire.push(bytes);
  };
  beat();
  for (const chunk of chunks) {
    tracker.push(chunk);
    wire.push(chunk);
    beat();
  }
  return { wire: decode(concat(wire)), beats };
}

const documents = fc
  .tuple(jsonSpace, jsonTexts, jsonSpace)
  .map(([before, text, after]) => before + text + after);

/** The byte places where a line feed leaves the value as it is, found by trying. */
function harmlessPlaces(text: string): Set<number> {
  const bytes = bytesOf(text);
  const value = JSON.stringify(JSON.parse(text));
  const places = new Set<number>();
  for (let at = 0; at <= bytes.length; at++) {
    const tried = decode(concat([bytes.subarray(0, at), '\n', bytes.subarray(at)]));
    if (parses(tried) && JSON.stringify(JSON.parse(tried)) === value) places.add(at);
  }
  return places;
}

describe('a JSON document with beats', () => {
  test('parses to the same value wherever it is split and beaten', () => {
    fc.assert(
      fc.property(documents, splittings, fc.constantFrom(0, 9), (text, splitting, pad) => {
        const { wire } = beaten(split(bytesOf(text), splitting), pad);
        expect(JSON.parse(wire)).toEqual(JSON.parse(text));
      }),
      { numRuns: 800 },
    );
  });

  test('parses to the same value when it is split at every place', () => {
    fc.assert(
      fc.property(documents, (text) => {
        const value: unknown = JSON.parse(text);
        for (const chunks of everySplit(bytesOf(text))) {
          expect(JSON.parse(beaten(chunks).wire)).toEqual(value);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('is beaten exactly where that is harmless, but for the end of a number or literal', () => {
    fc.assert(
      fc.property(documents, (text) => {
        const harmless = harmlessPlaces(text);
        const bytes = bytesOf(text);
        const tracker = new JsonTracker();
        for (const [i, byte] of bytes.entries()) {
          tracker.push(Uint8Array.of(byte));
          const allowed = tracker.place() !== 'closed';
          const endsScalar = /[0-9a-z]/i.test(String.fromCharCode(byte));
          expect(allowed, `after byte ${i} of ${JSON.stringify(text)}`).toBe(
            harmless.has(i + 1) && !endsScalar,
          );
        }
      }),
      { numRuns: 150 },
    );
  });
});

describe('the scanner of JSON texts', () => {
  test('says complete at the last character of a value and never before', () => {
    fc.assert(
      fc.property(jsonTexts, (text) => {
        const scanner = new JsonScanner();
        const bytes = bytesOf(text);
        for (const byte of bytes.subarray(0, -1)) {
          scanner.next(byte);
          expect(scanner.complete).toBe(false);
        }
        scanner.next(bytes.at(-1) as number);
        expect(scanner.complete || scanner.bareScalar).toBe(true);
        scanner.next(0x20);
        expect(scanner.complete).toBe(true);
      }),
      { numRuns: 400 },
    );
  });

  test('stops at the same place whether it reads a chunk at once or byte by byte', () => {
    fc.assert(
      fc.property(jsonTexts, fc.string({ maxLength: 3 }), splittings, (text, more, splitting) => {
        const bytes = bytesOf(`${text} ${more}`);
        const single = new JsonScanner();
        let expected = 0;
        while (expected < bytes.length && !single.complete)
          single.next(bytes[expected++] as number);
        const whole = new JsonScanner();
        let stopped = 0;
        for (const chunk of split(bytes, { ...splitting, strings: [false] })) {
          const read = whole.scan(chunk);
          stopped += read;
          if (whole.complete) break;
          expect(read).toBe(chunk.length);
        }
        expect(stopped).toBe(expected);
      }),
      { numRuns: 400 },
    );
  });

  test.each([
    '"\\\\"',
    '"\\""',
    '"\\\\\\""',
    '"a\\\\\\\\"',
    '["\\"]","\\\\"]',
    '{"\\"}":"\\u0022"}',
  ])('is not fooled by the escapes of %s, wherever it is split', (text) => {
    for (const chunks of everySplit(bytesOf(text))) {
      const scanner = new JsonScanner();
      let read = 0;
      for (const chunk of chunks) {
        expect(scanner.complete && chunk.length > 0).toBe(false);
        read += scanner.scan(chunk);
      }
      expect(scanner.complete).toBe(true);
      expect(read).toBe(chunks.reduce((sum, { length }) => sum + length, 0));
    }
  });
});
