import { createParser, type EventSourceMessage } from 'eventsource-parser';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Chunk, Place } from '../src/formats/format.js';
import { createSseFormat, SseTracker } from '../src/formats/sse.js';
import { LeadingBytes } from '../src/late/leading.js';
import { bytesOf, concat, decode, everySplit, split, splittings } from './support.js';

interface Parsed {
  readonly events: EventSourceMessage[];
  readonly retries: number[];
}

/** What a client sees: UTF-8 decoded, one byte order mark at the very start swallowed. */
function parse(bytes: Uint8Array): Parsed {
  const parsed: Parsed = { events: [], retries: [] };
  const parser = createParser({
    onEvent: (event) => parsed.events.push(event),
    onRetry: (retry) => parsed.retries.push(retry),
  });
  // The parser waits for what follows a CR at the end, so that there is always a line more.
  parser.feed(new TextDecoder().decode(bytes));
  parser.feed(':');
  return parsed;
}

/** The rules of the HTML standard read byte by byte, to hold the tracker against. */
function referencePlace(bytes: Uint8Array): Place {
  const bom = [0xef, 0xbb, 0xbf];
  const marked = bom.every((byte, i) => bytes[i] === byte);
  if (!marked && bytes.length < 3 && bytes.length > 0 && bytes.every((b, i) => b === bom[i])) {
    return 'closed';
  }
  let lineLength = 0;
  let blank = true;
  let last = -1;
  for (const byte of marked ? bytes.subarray(3) : bytes) {
    if (byte === 0x0a && last === 0x0d) {
      // The second half of a CRLF.
    } else if (byte === 0x0a || byte === 0x0d) {
      blank = lineLength === 0;
      lineLength = 0;
    } else {
      lineLength += 1;
    }
    last = byte;
  }
  if (last === 0x0d || lineLength > 0) return 'closed';
  return blank ? 'boundary' : 'inside';
}

const RANK = { closed: 0, inside: 1, boundary: 2 } as const;

const frames = {
  'a comment and a blank line': ': keepalive\n\n',
  'a lone comment': ':\n',
  'a blank line': '\n',
  'a named event': 'event: ping\ndata: {}\n\n',
};

/** Sends chunks with a beat wherever the tracker allows one, and notes what was sent. */
function beaten(chunks: readonly Chunk[], frame: string, pad = 0) {
  const format = createSseFormat(frame, pad, bytesOf);
  const tracker = format.createTracker(true);
  const leading = new LeadingBytes(false);
  const wire: Chunk[] = [];
  const payload: Chunk[] = [];
  let beats = 0;
  const beat = (): void => {
    const place = tracker.place();
    const bytes = place === 'closed' ? undefined : format.beat(place, beats === 0);
    if (bytes === undefined) return;
    beats += 1;
    wire.push(bytes);
  };
  const send = (chunk: Chunk): void => {
    if (chunk.length === 0) return;
    tracker.push(chunk);
    wire.push(chunk);
    payload.push(chunk);
  };
  beat();
  for (const chunk of chunks) {
    send(leading.strip(chunk));
    beat();
    beat();
  }
  send(leading.rest());
  return { wire: concat(wire), payload: concat(payload), beats };
}

const words = fc.oneof(
  fc.constantFrom('', 'x', ' x', 'naïve', '日本語', '𝄞 clef', '\ufeff', '{"a": 1}', ':', 'a:b'),
  fc.string({ maxLength: 6 }).map((text) => text.replace(/[\r\n\0]/g, '')),
);
const lines = fc.oneof(
  { weight: 5, arbitrary: words.map((word) => `data:${word}`) },
  { weight: 4, arbitrary: fc.constant('') },
  fc.constantFrom(
    'data',
    'event',
    'id',
    ':',
    'retry: 10',
    'retry: x',
    'unknown: 1',
    '\ufeffdata: y',
  ),
  words.map((word) => `event: ${word}`),
  words.map((word) => `id: ${word}`),
  words.map((word) => `: ${word}`),
);
const streams = fc
  .tuple(
    fc.constantFrom('', '', '\ufeff', '\ufeff\ufeff'),
    fc.array(fc.tuple(lines, fc.constantFrom('\n', '\r', '\r\n')), { maxLength: 14 }),
    fc.oneof(fc.constant(''), lines),
  )
  .map(([bom, ended, tail]) => bom + ended.map(([line, end]) => line + end).join('') + tail);

const withoutPings = ({ events, retries }: Parsed): Parsed => ({
  events: events.filter(({ event }) => event !== 'ping'),
  retries,
});

describe('an event stream with beats', () => {
  describe.each(Object.entries(frames))('of %s', (_name, frame) => {
    test('gives the same events wherever it is split and beaten', () => {
      fc.assert(
        fc.property(streams, splittings, fc.constantFrom(0, 7), (stream, splitting, pad) => {
          const bytes = bytesOf(stream);
          const { wire, payload } = beaten(split(bytes, splitting), frame, pad);
          expect(withoutPings(parse(wire))).toEqual(parse(bytes));
          expect(decode(payload)).toBe(stream.replace(/^\ufeff/, ''));
        }),
        { numRuns: 400 },
      );
    });
  });

  test.each([
    'data: one\n\ndata: two\n\n',
    'data: one\r\n\r\ndata: two\r\ndata: lines\r\n\r\n',
    'data: one\r\rdata: two\r\r',
    'data: one\r\n\rdata: two\n\r\n\r\n',
    '\ufeffdata: 日本語\ndata: 𝄞\nid: 7\n\n: comment\nretry: 5\n\n\ufeffdata: no field\n\n',
    '\ufeff\ufeffdata: only one mark counts\n\ndata: x\n\n',
    '\n\n\r\r\r\n\r\ndata: x\n\n',
    'event: named\rdata: a\r\ndata: b\n\r\n',
  ])('%j gives the same events wherever it is split in two', (stream) => {
    const bytes = bytesOf(stream);
    const whole = parse(bytes);
    expect(whole.events.length).toBeGreaterThan(0);
    for (const chunks of everySplit(bytes)) {
      for (const frame of Object.values(frames)) {
        const { wire, payload } = beaten(chunks, frame);
        expect(withoutPings(parse(wire))).toEqual(whole);
        expect(decode(payload)).toBe(stream.replace(/^\ufeff/, ''));
      }
    }
  });

  test('is beaten at each of its boundaries and line starts, not less often than it can be', () => {
    const chunks = ['data: a\n', 'data: b\n\n', ': c\r\n', '\r\n', 'data: d\n\n'];
    // Two after each chunk, and one before the first byte.
    expect(beaten(chunks, ':\n').beats).toBe(11);
  });

  test('loses its first event if a mark after a beat is not swallowed, which is why it is', () => {
    const broken = parse(concat([':\n', '\ufeffdata: a\n\n', 'data: b\n\n']));
    expect(broken.events.map(({ data }) => data)).toEqual(['b']);
  });
});

describe('the tracker of event streams', () => {
  function placesAlong(chunks: readonly Chunk[]): [tracked: Place, reference: Place][] {
    const tracker = new SseTracker();
    const places: [Place, Place][] = [[tracker.place(), 'boundary']];
    for (const [i, chunk] of chunks.entries()) {
      tracker.push(chunk);
      places.push([tracker.place(), referencePlace(concat(chunks.slice(0, i + 1)))]);
    }
    return places;
  }

  test('is never less cautious than a scan of the whole stream', () => {
    fc.assert(
      fc.property(streams, splittings, (stream, splitting) => {
        for (const [tracked, reference] of placesAlong(split(bytesOf(stream), splitting))) {
          expect(RANK[tracked]).toBeLessThanOrEqual(RANK[reference]);
        }
      }),
      { numRuns: 1_500 },
    );
  });

  test('knows the place exactly in a stream without a byte order mark', () => {
    fc.assert(
      fc.property(streams, splittings, (stream, splitting) => {
        fc.pre(!stream.startsWith('\ufeff'));
        for (const [tracked, reference] of placesAlong(split(bytesOf(stream), splitting))) {
          expect(tracked).toBe(reference);
        }
      }),
      { numRuns: 1_500 },
    );
  });

  test.each<[string[], Place]>([
    [[], 'boundary'],
    [['data: a'], 'closed'],
    [['data: a\n'], 'inside'],
    [['data: a\n\n'], 'boundary'],
    [['data: a\n', '\n'], 'boundary'],
    [['data: a\r'], 'closed'],
    [['data: a\r', '\n'], 'inside'],
    [['data: a\r\n\r'], 'closed'],
    [['data: a\r\n', '\r', '\n'], 'boundary'],
    [['data: a\r\r'], 'closed'],
    [['data: a\r', '\r', 'data'], 'closed'],
    [['data: a\r\r', '\n'], 'boundary'],
    [['data: a\n', '', '\n', ''], 'boundary'],
    [['\ufeff'], 'boundary'],
    [['\ufeff', '\n'], 'boundary'],
    [['\ufeff\ufeff'], 'closed'],
  ])('after %j stands at %s', (chunks, place) => {
    for (const asBytes of [false, true]) {
      const tracker = new SseTracker();
      for (const chunk of chunks) tracker.push(asBytes ? bytesOf(chunk) : chunk);
      expect(tracker.place()).toBe(place);
    }
  });

  test('holds beats back inside a byte order mark and after half a character', () => {
    const tracker = new SseTracker();
    const places = [0xef, 0xbb, 0xbf, 0x64, 0xc3, 0xa9, 0x0a, 0x0a].map((byte) => {
      tracker.push(Uint8Array.of(byte));
      return tracker.place();
    });
    const expected = ['closed', 'closed', 'boundary', 'closed', 'closed', 'closed', 'inside'];
    expect(places).toEqual([...expected, 'boundary']);
  });

  test('reads the end of a chunk only, whatever its size', () => {
    const size = 100_000;
    const chunk = new Uint8Array(size).fill(0x78);
    chunk.set([0x0a, 0x0a], size - 2);
    let reads = 0;
    const watched = new Proxy(chunk, {
      get(target, key) {
        if (typeof key === 'string' && /^\d+$/.test(key)) reads += 1;
        return Reflect.get(target, key, target) as unknown;
      },
    });
    const tracker = new SseTracker();
    tracker.push(watched);
    expect(tracker.place()).toBe('boundary');
    expect(reads).toBeLessThanOrEqual(8);
  });
});

describe('the announcement of the interval', () => {
  test('is a comment that holds a whole number of milliseconds', () => {
    const format = createSseFormat(': keepalive\n\n', 0, bytesOf);
    expect(decode(format.announcement(8_000))).toBe(': holdopen interval=8000\n\n');
    expect(decode(format.announcement(1_000 / 3))).toBe(': holdopen interval=333\n\n');
  });
});
