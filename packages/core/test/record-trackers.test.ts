import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BeatFormat, Chunk } from '../src/formats/format.js';
import { createJsonSeqFormat } from '../src/formats/json-seq.js';
import { createNdjsonFormat } from '../src/formats/ndjson.js';
import { bytesOf, concat, decode, everySplit, jsonTexts, split, splittings } from './support.js';

function beaten(chunks: readonly Chunk[], format: BeatFormat) {
  const tracker = format.createTracker();
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
    beat();
  }
  return { wire: decode(concat(wire)), beats };
}

const oneLine = jsonTexts.map((text) => JSON.stringify(JSON.parse(text)));

/** A reader as most are written: lines, trimmed, without those that are blank. */
function readNdjson(text: string): unknown[] {
  const lines = text.split('\n').map((line) => line.trim());
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as unknown);
}

/** RFC 7464 section 2.1: what is between two separators, without the elements that are empty. */
function readJsonSeq(text: string): unknown[] {
  const elements = text.split('\u001e').filter((element) => element.trim() !== '');
  return elements.map((element) => JSON.parse(element) as unknown);
}

describe('NDJSON with beats', () => {
  const bodies = fc.array(fc.tuple(oneLine, fc.constantFrom('\n', '\r\n', ' \n', '\n\n')), {
    maxLength: 6,
  });

  test.each([0, 5])('gives the same records wherever it is split, with a pad of %i', (pad) => {
    fc.assert(
      fc.property(bodies, fc.option(oneLine), splittings, (lines, tail, splitting) => {
        const body = lines.map(([line, end]) => line + end).join('') + (tail ?? '');
        const { wire } = beaten(split(bytesOf(body), splitting), createNdjsonFormat(pad, bytesOf));
        expect(readNdjson(wire)).toEqual(readNdjson(body));
      }),
      { numRuns: 400 },
    );
  });

  test('gives the same records when it is split at every place', () => {
    const body = '{"a":"\\n é"}\n\r\n[1,2]\r\n"𝄞"\n12\n';
    for (const chunks of everySplit(bytesOf(body))) {
      const { wire } = beaten(chunks, createNdjsonFormat(0, bytesOf));
      expect(readNdjson(wire)).toEqual([{ a: '\n é' }, [1, 2], '𝄞', 12]);
    }
  });

  test('is beaten at line starts and nowhere else', () => {
    const format = createNdjsonFormat(0, bytesOf);
    expect(beaten(['{"a"', ':1}', '\n', '{}\n'], format).wire).toBe(' {"a":1}\n  {}\n  ');
  });
});

describe('a JSON text sequence with beats', () => {
  const bodies = fc.array(fc.tuple(jsonTexts, fc.constantFrom('\n', '\n\n', '\r\n')), {
    maxLength: 5,
  });

  test.each([0, 5])('gives the same texts wherever it is split, with a pad of %i', (pad) => {
    fc.assert(
      fc.property(bodies, splittings, (texts, splitting) => {
        const body = texts.map(([text, end]) => `\u001e${text}${end}`).join('');
        const { wire } = beaten(split(bytesOf(body), splitting), createJsonSeqFormat(pad, bytesOf));
        expect(readJsonSeq(wire)).toEqual(readJsonSeq(body));
      }),
      { numRuns: 400 },
    );
  });

  test('gives the same pretty-printed texts when it is split at every place', () => {
    const values = [{ a: [1, 2, { b: 'x\ny' }], c: 'é' }, [[], {}], 'text', 12.5, null];
    const body = values.map((value) => `\u001e${JSON.stringify(value, null, 2)}\n`).join('');
    for (const chunks of everySplit(bytesOf(body))) {
      const { wire } = beaten(chunks, createJsonSeqFormat(0, bytesOf));
      expect(readJsonSeq(wire)).toEqual(values);
    }
  });

  test('is beaten between its texts and never between the lines of one', () => {
    const format = createJsonSeqFormat(0, bytesOf);
    const { wire } = beaten(['\u001e', '{\n', '"a": 1\n', '}', '\n'], format);
    expect(wire).toBe('\u001e\u001e\u001e\u001e{\n"a": 1\n}\n\u001e\u001e');
  });
});
