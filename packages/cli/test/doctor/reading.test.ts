import { array, assert, nat, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type BodyReader, type Piece, readerFor } from '../../src/doctor/reading/reader.js';

const TYPES = {
  json: 'application/json; charset=utf-8',
  sse: 'text/event-stream',
  ndjson: 'application/x-ndjson',
  'json-seq': 'application/json-seq',
};

function readerOf(format: keyof typeof TYPES, isHeld = true): BodyReader {
  return readerFor(TYPES[format], isHeld ? { format } : undefined, false);
}

function beats(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, { kind, count }) => sum + (kind === 'beat' ? count : 0), 0);
}

function readAll(reader: BodyReader, ...chunks: string[]): number {
  return beats(chunks.flatMap((text) => reader.read(Buffer.from(text))));
}

/** SP is 0 and TAB is 1: 422, and a retry-after. */
const LATE_HEAD = `\r${[...Buffer.from('422\nretry-after: 5')]
  .map((byte) => byte.toString(2).padStart(8, '0').replaceAll('0', ' ').replaceAll('1', '\t'))
  .join('')}\r`;

describe('beats and data apart', () => {
  test('JSON: line feeds before the document, and between its tokens', () => {
    const reader = readerOf('json');
    expect(readAll(reader, '\n', '   \n', `${LATE_HEAD}{"a":[1,`, '\n', '2]', '}')).toBe(3);
    expect(reader.lateHead).toEqual({ status: 422, headers: [['retry-after', '5']] });
    expect(reader.state).toBe('whole');
  });

  test('JSON: a line feed inside of a string is data', () => {
    const reader = readerOf('json');
    expect(readAll(reader, '\n', '"a', '\n', 'b"')).toBe(1);
  });

  test('JSON of others: spaces that come alone are beats', () => {
    expect(readAll(readerOf('json', false), ' ', ' ', '{}')).toBe(2);
  });

  test('events: comments are beats, padding and late heads are none', () => {
    const reader = readerOf('sse');
    const text = [': keepalive\n\n', ':      \n: keepalive\n\n', ': holdopen status=404\n\n'];
    expect(readAll(reader, ...text, 'data: 1\n', ':\n', 'data: 2\n\n')).toBe(3);
    expect(reader.lateHead?.status).toBe(404);
    expect(reader.records).toBe(1);
  });

  test('events: those that say nothing but that the server lives are beats', () => {
    const reader = readerOf('sse');
    expect(readAll(reader, 'event: ping\ndata: {}\n\n', 'data: 1\n\n')).toBe(1);
  });

  test('events: what a held stream begins with is the frame that the server chose', () => {
    const frame = 'event: tick\ndata: {}\n\n';
    const other = 'event: tick\ndata: {"a":1}\n\n';
    expect(readAll(readerOf('sse'), frame, 'data: 1\n\n', frame, other, frame)).toBe(3);
    expect(readAll(readerOf('sse', false), frame, frame)).toBe(0);
    expect(readAll(readerOf('sse'), ': keepalive\n\n', other, other)).toBe(1);
  });

  test.each(['-100', '0', '', '"8000"', '8e3'])('events: an interval of %s is none', (interval) => {
    const reader = readerOf('sse', false);
    expect(readAll(reader, `: holdopen interval=${interval}\n\n`, ':\n')).toBeGreaterThan(0);
    expect({ ms: reader.announcedMs, late: reader.lateHead }).toEqual({});
  });

  test('events: an error event is heard, and a line without its end is incomplete', () => {
    const reader = readerOf('sse');
    readAll(reader, ': holdopen interval=8000\n\nevent: error\ndata: {}\n\ndata: 1\n');
    expect(reader).toMatchObject({ toldFailure: true, state: 'incomplete', announcedMs: 8_000 });
  });

  test('NDJSON: a space at the start of a line; json-seq: an empty record', () => {
    expect(readAll(readerOf('ndjson'), ' ', ' {"a": 1}\n', ' ')).toBe(3);
    expect(readAll(readerOf('json-seq'), '\x1e', '\x1e{"a":1}\n', '\x1e')).toBe(2);
  });

  test.each(['json', 'sse', 'ndjson'] as const)('%s: however it is split, the same', (format) => {
    const text = {
      json: `\n\n${LATE_HEAD}{"a":"\\"}","b":[1,2,{"c":null}]}`,
      sse: ': keepalive\r\n\r\n: holdopen status=201\n\ndata: ä\r\rdata: 2\n:\ndata: 3\n\n: x\n\n',
      ndjson: ' {"a":1}\n  {"b":" "}\n ',
    }[format];
    const bytes = Buffer.from(text);
    const whole = readerOf(format);
    const expected = beats(whole.read(bytes));
    assert(
      property(array(nat(bytes.length)), (cuts) => {
        const places = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
        const reader = readerOf(format);
        let found = 0;
        for (const [at, start] of places.entries()) {
          found += beats(reader.read(bytes.subarray(start, places[at + 1] ?? bytes.length)));
        }
        expect(found).toBe(expected);
        expect(reader.state).toBe(whole.state);
        expect(reader.lateHead).toEqual(whole.lateHead);
        expect(reader.records).toBe(whole.records);
      }),
    );
  });
});
