import type { BeatFormat, Chunk } from '@holdopen/core';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  bytesOf,
  everySplit,
  jsonTexts,
  parses,
  split,
  splittings,
  type TestOptions,
  type TestResponse,
  World,
} from './support.js';

const quiet: TestOptions = { onLateOutcome: () => undefined };

function writeAll(response: TestResponse, chunks: readonly Chunk[]): TestResponse {
  for (const chunk of chunks) response.beat().write(chunk).beat();
  return response;
}

function events(wire: string): EventSourceMessage[] {
  const parsed: EventSourceMessage[] = [];
  createParser({ onEvent: (event) => parsed.push(event) }).feed(wire);
  return parsed;
}

const records = (wire: string): unknown[] =>
  wire
    .replaceAll('\u001e', '\n')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as unknown);

const PRETTY = [
  '{\n  "a": [\n    1,\n    "é"\n  ]\n}',
  '{\r\n"a"\r\n:\r\n\r\n{}\r\n}\r\n',
  '[\r1\r]\r',
];

describe('a JSON payload on an event stream', () => {
  test('is exactly one message event whose data is the payload, of any status', () => {
    fc.assert(
      fc.property(
        jsonTexts,
        splittings,
        fc.constantFrom(200, 201, 404, 500),
        fc.constantFrom('application/json', undefined),
        (text, splitting, status, contentType) => {
          const response = new World()
            .hold({ ...quiet, held: 'sse' })
            .answer({ status, contentType });
          writeAll(response, split(bytesOf(text), splitting));
          response.end();
          const [event, ...more] = events(response.wire);
          expect(more).toEqual([]);
          expect(event?.event).toBe(undefined);
          expect(JSON.parse(event?.data ?? '')).toEqual(JSON.parse(text));
          expect(response.ended).toBe('clean');
          expect(response.wire.includes(`: holdopen status=${status}\n\n`)).toBe(status !== 200);
        },
      ),
      { numRuns: 400 },
    );
  });

  test.each(PRETTY)('%j keeps its lines wherever it is split, a CRLF too', (text) => {
    for (const chunks of everySplit(bytesOf(`\ufeff\n${text}`))) {
      const response = writeAll(new World().hold({ held: 'sse' }).answer(), chunks);
      response.end();
      const [event, ...more] = events(response.wire);
      expect(more).toEqual([]);
      expect(event?.data).toBe(text.replace(/\r\n|\r/g, '\n'));
      expect(response.body).not.toContain('\r');
    }
  });

  test('is no event at all until it is whole', () => {
    for (const text of ['{"a":1}', '12', '"x"']) {
      for (const chunks of everySplit(bytesOf(text))) {
        const response = writeAll(new World().hold({ ...quiet, held: 'sse' }).answer(), chunks);
        response.hold.threw(new Error('x'));
        expect(events(response.wire).filter(({ event }) => event !== 'error')).toEqual([]);
      }
    }
  });

  test('that is empty is no event, and its status stands in a comment', () => {
    const response = new World()
      .hold({ held: 'sse' })
      .answer({ status: 204, contentType: undefined });
    response.end();
    expect(response.body).toBe(': holdopen status=204\n\n');
    const plain = new World().hold({ held: 'sse' }).answer({ contentType: undefined });
    plain.end();
    expect(plain.body).toBe('');
  });
});

describe('an answer that does not fit an event stream', () => {
  test.each([
    ['a page', 200, 'text/html', '<p>', 500, 'wrong_type'],
    ['another charset', 200, 'application/json; charset=latin1', '{}', 500, 'wrong_type'],
    ['text of no type', 200, undefined, 'Hello', 500, 'wrong_type'],
    ['a part of a document', 206, undefined, '', 500, 'wrong_type'],
    ['an error page', 502, 'text/html', '<p>', 502, 'error_status'],
    ['a redirect', 307, undefined, '', 307, 'late_redirect'],
    ['a redirect of events', 307, 'text/event-stream', '', 307, 'late_redirect'],
  ] as const)(
    'because it is %s ends with an error event',
    (_name, status, type, text, late, code) => {
      const response = new World()
        .hold({ ...quiet, held: 'sse' })
        .answer({ status, contentType: type });
      response.end(text);
      expect(response.ended).toBe('clean');
      const [event, ...more] = events(response.wire);
      expect(more).toEqual([]);
      expect(event?.event).toBe('error');
      expect(JSON.parse(event?.data ?? '')).toMatchObject({ completion_status: late, code });
      expect(response.body).toContain(`: holdopen status=${late}`);
      expect(response.body).toMatch(/\nretry: 86400000\n/);
    },
  );
});

describe.each([
  ['ndjson', 'application/x-ndjson', ''],
  ['json-seq', 'application/json-seq', '\u001e'],
] as const)('a JSON payload on a body of %s', (held, type, start) => {
  test('is one record on one line', () => {
    fc.assert(
      fc.property(jsonTexts, splittings, (text, splitting) => {
        const response = new World().hold({ ...quiet, held }).answer();
        writeAll(response, split(bytesOf(text), splitting));
        response.end();
        expect(records(response.wire)).toEqual([JSON.parse(text)]);
        expect(response.body.startsWith(start)).toBe(true);
        expect(response.body.endsWith('\n')).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test.each(PRETTY)('%j is one record on one line wherever it is split', (text) => {
    for (const chunks of everySplit(bytesOf(text))) {
      const response = writeAll(new World().hold({ held }).answer(), chunks);
      response.end();
      expect(records(response.wire)).toEqual([JSON.parse(text)]);
    }
  });

  test('cannot be taken for a record if the handler fails before its end', () => {
    for (const text of ['{"a":1}', '[1,2]\n', '"x"', '{"a":{}}  ']) {
      for (const chunks of everySplit(bytesOf(text))) {
        const response = writeAll(new World().hold({ ...quiet, held }).answer(), chunks);
        response.hold.threw(new Error('x'));
        expect(response.ended).toBe('cut');
        const lines = response.wire
          .replaceAll('\u001e', '\n')
          .split('\n')
          .filter((line) => line.trim() !== '');
        for (const line of lines.filter(parses)) {
          expect(JSON.parse(line)).toMatchObject({ error: { code: 'handler_error' } });
        }
      }
    }
  });

  test('that is empty is no record', () => {
    const response = new World().hold({ held }).answer({ status: 204, contentType: undefined });
    response.end();
    expect([response.body, response.ended]).toEqual(['', 'clean']);
  });

  test('of an error status becomes a last record, and the body is cut', () => {
    const response = new World().hold({ ...quiet, held }).answer({ status: 409 });
    response.end('{\r\n"why": "é"\r\n}');
    expect(response.body).toMatch(new RegExp(`^${start}\\{"error":\\{.*\\}\\}\\n$`));
    expect(records(response.body)).toEqual([{ error: { why: 'é' } }]);
    expect(response.ended).toBe('cut');
  });

  test('with the type of the format passes as it is, without a mark', () => {
    const body = `${start}{"a":1}\n${start}{"b":2}\n`;
    for (const chunks of everySplit(bytesOf(`\ufeff${body}`))) {
      const response = writeAll(new World().hold({ held }).answer({ contentType: type }), chunks);
      response.end();
      expect(response.body).toBe(body);
      expect(records(response.wire)).toEqual([{ a: 1 }, { b: 2 }]);
    }
  });
});

describe('a late error', () => {
  const problem = {
    type: 'about:blank',
    title: 'Internal Server Error',
    completion_status: 500,
    code: 'handler_error',
  };
  const formats = [
    ['sse', 'text/event-stream', 'data: 1\n\n', 'data: 1\n'],
    ['ndjson', 'application/x-ndjson', '{"a":1}\n', '{"a":'],
    ['json-seq', 'application/json-seq', '\u001e{"a":1}\n', '\u001e{"a":'],
    ['json', 'application/json', '', '{"a":'],
  ] as const;
  type Held = (typeof formats)[number][0];

  /** What the error itself looks like in each format, by what is said. */
  function endingOf(held: Held, json: string, policy: 'cut' | 'body' | 'value'): string {
    const record = policy === 'value' ? json : `{"error":${json}}`;
    if (held === 'ndjson') return `${record}\n`;
    if (held === 'json-seq') return `\u001e${record}\n`;
    if (held === 'json') return policy === 'cut' ? json.slice(0, -1) : json;
    const comment = ': holdopen status=500\n\n';
    if (policy === 'value') return `${comment}data: ${json}\n\n`;
    return `${comment}event: error\nretry: 86400000\ndata: ${json}\n\n`;
  }

  const policies = [
    ['cut', 'cut', problem, false],
    ['body', 'body', problem, false],
    ['a function', () => ({ mine: 1 }), { mine: 1 }, false],
    [
      'a function that throws',
      () => {
        throw new Error('hook');
      },
      problem,
      true,
    ],
    ['a function that gives undefined', () => undefined, problem, false],
    ['a function whose value is no JSON', () => 1n, problem, true],
    ['a function that gives null', () => null, null, false],
  ] as const;

  describe.each(formats)('in %s', (held, contentType, unit, half) => {
    test.each(policies)('at a boundary, as %s', (_name, lateError, said, reported) => {
      const world = new World();
      const response = world.hold({ ...quiet, held, lateError }).answer({ contentType });
      if (unit !== '') response.write(unit);
      response.hold.threw(new Error('x'));
      const clean = said !== problem || lateError === 'body';
      const kind = said !== problem ? 'value' : lateError === 'body' ? 'body' : 'cut';
      const json = JSON.stringify(said);
      expect(response.body.replace(/^[\r\t ]+/, '')).toBe(unit + endingOf(held, json, kind));
      expect(response.ended).toBe(clean || held === 'sse' ? 'clean' : 'cut');
      expect(world.reports.length).toBe(reported ? 1 : 0);
    });

    test.each(policies)('inside a unit, as %s, is a cut', (_name, lateError) => {
      const response = new World().hold({ ...quiet, held, lateError }).answer({ contentType });
      response.write(unit + half).hold.threw(new Error('x'));
      expect([response.body, response.ended]).toEqual([unit + half, 'cut']);
    });

    test.each([
      ['resolves', async () => ({ mine: 1 })],
      [
        'rejects',
        async () => {
          throw new Error('hook');
        },
      ],
    ])(
      'with a function that %s is cut and reported, for an answer cannot wait',
      async (_n, lateError) => {
        const rejections: unknown[] = [];
        const note = (reason: unknown): void => void rejections.push(reason);
        process.on('unhandledRejection', note);
        const world = new World();
        const response = world.hold({ ...quiet, held, lateError }).answer({ contentType });
        response.hold.threw(new Error('x'));
        await new Promise<void>((resolve) => setImmediate(resolve));
        process.off('unhandledRejection', note);
        expect(rejections).toEqual([]);
        expect(response.body.replace(/^[\r\t ]+/, '')).toBe(
          endingOf(held, JSON.stringify(problem), 'cut'),
        );
        expect(world.reports.length).toBe(1);
      },
    );
  });

  test('gives the function what it needs: the outcome and the request', () => {
    const seen: unknown[] = [];
    const error = new Error('x');
    const lateError = (...args: unknown[]): unknown => seen.push(...args);
    new World().hold({ ...quiet, lateError }).hold.threw(error);
    const outcome = { ok: false, status: 500, code: 'handler_error', headers: [], error };
    expect(seen).toEqual([outcome, 'the request']);
  });

  test('of a format that does not say how it fails is a cut', () => {
    const format: BeatFormat = {
      name: 'dots',
      contentType: 'text/dots',
      matches: (mediaType) => mediaType === 'text/dots',
      createTracker: () => ({ push: () => undefined, place: () => 'boundary' }),
      beat: () => bytesOf('.'),
    };
    const response = new World().hold({ ...quiet, held: format, lateError: 'body' });
    response.answer({ contentType: 'text/dots' }).write('a').beat().hold.threw(new Error('x'));
    expect([response.wire, response.ended]).toEqual(['.a.', 'cut']);
  });
});
