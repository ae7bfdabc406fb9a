import { resolveOptions } from '@holdopen/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JsonScanner } from '../src/body/json-scanner.js';
import { LeadingSpace, startsEventStream } from '../src/body/leading-space.js';
import { RecordTracker } from '../src/body/record-tracker.js';
import { SseTracker } from '../src/body/sse-tracker.js';
import type { Tracker } from '../src/body/tracker.js';
import { everySplit, someCuts, split } from './support/splits.js';
import { vectors } from './support/vectors.js';

const { formats } = resolveOptions();
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

function pushed<T extends Tracker>(tracker: T, chunks: readonly Uint8Array[]): T {
  for (const chunk of chunks) tracker.push(chunk);
  return tracker;
}

describe('a JSON text', () => {
  const document = fc
    .tuple(fc.jsonValue(), fc.constantFrom(0, 2))
    .map(([value, indent]) => JSON.stringify(value, null, indent));

  test('is whole at its end, and nowhere before unless it parses there', () => {
    fc.assert(
      fc.property(document, someCuts, fc.nat(), (text, cuts, length) => {
        expect(pushed(new JsonScanner(), split(text, cuts)).verdict).toBe('whole');
        const prefix = text.slice(0, length % text.length);
        const { verdict } = pushed(new JsonScanner(), split(prefix, cuts));
        if (prefix.trim() === '') expect(verdict).toBe('blank');
        // Half a number may be one, and half a literal is left to whoever parses.
        else if (/^[{["]/.test(text)) expect(verdict).toBe('incomplete');
      }),
      { numRuns: 1_000 },
    );
  });

  test('is followed through every split of escapes, brackets in strings and beats', () => {
    const text = '\n\n{"a\\\\\\"":["]}\\\\",1.5e3 ,\n{}, "ü€😀"],\n"":null}';
    for (const chunks of everySplit(text)) {
      expect(pushed(new JsonScanner(), chunks).verdict).toBe('whole');
      const isPrefix = (chunks.at(-1)?.length ?? 0) > 0;
      const { verdict } = pushed(new JsonScanner(), chunks.slice(0, -1));
      if (isPrefix) expect(verdict).not.toBe('whole');
    }
  });

  const JUDGED_BY_THE_PARSER = [
    ...['{}\n{"a":1}\n', ')]}\',\n{"a":1}', '\ufeff{"a":1}', '12', 'not json', '"a" '],
    // No document begins so, and none has another behind it, however it goes on.
    ...['see [1', 'see[1', 'see"', '<p class="a', 'at {', '{"a":1} {', '{"a":1}{', '"a" "b', '1 ['],
  ];
  test.each(JUDGED_BY_THE_PARSER)('that cannot be judged is taken for whole: %j', (text) => {
    for (const chunks of everySplit(text)) {
      expect(pushed(new JsonScanner(), chunks).verdict).toBe('whole');
    }
  });

  test.each(['', ' ', '\n\n\r\t'])('of white space is blank: %j', (text) => {
    for (const chunks of everySplit(text)) {
      expect(pushed(new JsonScanner(), chunks).verdict).toBe('blank');
    }
  });

  test('stands where a beat could come before its document, and behind a beat between tokens', () => {
    const scanner = new JsonScanner();
    const stands: boolean[] = [scanner.atBoundary];
    for (const chunk of ['\n', '{"a":', '\n', '"b', ' ', '"', '\n', '}']) {
      scanner.push(new TextEncoder().encode(chunk));
      stands.push(scanner.atBoundary);
    }
    expect(stands).toEqual([true, true, false, true, false, false, false, true, false]);
  });
});

describe('the white space before a held payload', () => {
  test.each(vectors.lateHeads)('has a late head in every split: $about', (v) => {
    const text = `\n\n${v.wire}{"a":1}`;
    for (const chunks of everySplit(text)) {
      const space = new LeadingSpace();
      let payload = '';
      for (const chunk of chunks) payload += payload ? decode(chunk) : decode(space.strip(chunk));
      expect(payload).toBe('{"a":1}');
      expect(space.lateHead).toEqual({ status: v.status, headers: v.headers });
    }
  });

  test.each(vectors.noLateHeads)('has none in $about', ({ whitespace }) => {
    const space = new LeadingSpace();
    for (const chunk of everySplit(whitespace).next().value ?? []) space.strip(chunk);
    expect(space.lateHead).toBe(undefined);
  });

  test('is forgotten but for what can be a late head, however long it is', () => {
    const space = new LeadingSpace();
    for (let i = 0; i < 100; i += 1) space.strip(new Uint8Array(10_000).fill(10));
    space.strip(new TextEncoder().encode(vectors.lateHeads[0]?.wire));
    expect(space.lateHead?.status).toBe(422);
  });

  test.each(vectors.switchedBodies)('is followed by an event stream or not: $about', (v) => {
    const payload = new LeadingSpace().strip(new TextEncoder().encode(v.body));
    expect(startsEventStream(payload)).toBe(v.isEventStream);
  });
});

describe('an event stream', () => {
  const lineEnd = fc.constantFrom('\n', '\r\n', '\r');
  const piece = fc.oneof(
    fc.constantFrom('data: a', 'id: 1', ': b', ':', '', 'event: x', 'data: ü'),
    fc.stringMatching(/^[a-z:]{0,6}$/),
  );
  const stream = fc
    .array(fc.tuple(piece, lineEnd), { maxLength: 8 })
    .map((lines) => lines.map((line) => line.join('')).join(''));

  test('stands between events exactly where the server would put a beat', () => {
    fc.assert(
      fc.property(stream, someCuts, (text, cuts) => {
        const atServer = formats.sse.createTracker();
        const atClient = new SseTracker();
        let seen = '';
        for (const chunk of split(text, cuts)) {
          atServer.push(chunk);
          atClient.push(chunk);
          seen += String.fromCharCode(...chunk);
          // Behind a lone CR a server waits for its LF. A client that takes it for the end of an
          // event is wrong for as long as that LF is on its way.
          if (seen.endsWith('\r')) continue;
          expect(atClient.atBoundary).toBe(atServer.place() === 'boundary');
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test.each(vectors.sseIntervals)('that announces $intervalMs ms is understood', (v) => {
    const tracker = pushed(new SseTracker(), [
      new TextEncoder().encode('data: a\n\n'),
      formats.sse.announcement(v.intervalMs),
    ]);
    expect([tracker.intervalMs, tracker.atBoundary]).toEqual([v.intervalMs, true]);
  });

  test('has its late head in a comment, and not in the data of an event', () => {
    const late = new TextEncoder().encode(
      ': holdopen status=503, retry-after="5"\n\nevent: error\n',
    );
    expect(pushed(new SseTracker(), [late]).lateHead?.status).toBe(503);
    const inside = [new TextEncoder().encode('data: a\ndata'), late];
    expect(pushed(new SseTracker(), inside).lateHead).toBe(undefined);
  });
});

describe('records', () => {
  test.each(['ndjson', 'json-seq'] as const)(
    'of %s stand at a boundary where the server puts a beat',
    (name) => {
      const record = name === 'ndjson' ? '{"a":" "}\n' : '\u001e{"a":" "}\n';
      for (const chunks of everySplit(record + record)) {
        const atServer = formats[name].createTracker();
        const atClient = new RecordTracker();
        for (const chunk of chunks) {
          atServer.push(chunk);
          atClient.push(chunk);
          expect(atClient.atBoundary).toBe(atServer.place() === 'boundary');
        }
        const beat = formats[name].beat('boundary', false);
        if (beat !== undefined) atClient.push(beat);
        expect(atClient.atBoundary).toBe(true);
      }
    },
  );
});
