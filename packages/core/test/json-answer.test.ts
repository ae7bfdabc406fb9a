import { type Chunk, parseLateHead } from '@holdopen/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  bytesOf,
  everySplit,
  jsonSpace,
  jsonTexts,
  parses,
  split,
  splittings,
  type TestOptions,
  type TestResponse,
  World,
} from './support.js';

/** Mute, for the console report is the matter of other tests. */
const quiet: TestOptions = { onLateOutcome: () => undefined };

/** Every chunk as the handler writes it, with a beat wherever the hold allows one. */
function writeAll(response: TestResponse, chunks: readonly Chunk[]): TestResponse {
  for (const chunk of chunks) response.beat().write(chunk).beat();
  return response;
}

/** What stands before the first character that is no white space. */
const leadingSpace = (text: string): string => /^[ \t\r\n]*/.exec(text)?.[0] ?? '';

const documents = fc
  .tuple(fc.constantFrom('', '', '\ufeff'), jsonSpace, jsonTexts, jsonSpace)
  .map(([bom, before, text, after]) => ({ whole: bom + before + text + after, text, after }));

/** One of each shape, with white space behind. */
const SHAPES = [
  '{"a":[1,{"b":"}"}],"c":"x\\"y"}',
  '{}',
  '{"a":1} \n\r\n ',
  '[1,[2,3],"]"]',
  '[]\n',
  '"text with \\" and \\\\"',
  '""\n',
  '"é𝄞" ',
  '123',
  '-1.5e10 ',
  '0\n\n',
  'true',
  'false\n',
  'null ',
];

describe('a held JSON answer', () => {
  test('leaves as its late head and its payload once the beats are taken out', () => {
    fc.assert(
      fc.property(
        documents,
        splittings,
        fc.boolean(),
        fc.boolean(),
        (doc, splitting, late, atEnd) => {
          const response = new World().hold(quiet).answer({ status: late ? 201 : 200 });
          const chunks = split(bytesOf(doc.whole), splitting);
          const last = atEnd ? chunks.pop() : undefined;
          writeAll(response, chunks);
          response.end(last);
          const { body } = response;
          const payload = body.slice(leadingSpace(body).length);
          expect(payload).toBe(doc.text + doc.after);
          const head = late ? { status: 201, headers: [] } : undefined;
          expect(parseLateHead(leadingSpace(body))).toEqual(head);
          expect(leadingSpace(body) === '').toBe(!late);
          expect(parseLateHead(leadingSpace(response.wire))).toEqual(head);
          expect(JSON.parse(response.wire)).toEqual(JSON.parse(doc.text));
          expect(response.ended).toBe('clean');
          expect(response.hold.state).toBe('complete');
        },
      ),
      { numRuns: 600 },
    );
  });

  test.each(SHAPES)('%j is whole wherever it is split', (text) => {
    for (const chunks of everySplit(bytesOf(`\ufeff ${text}`))) {
      const response = writeAll(new World().hold(quiet).answer(), chunks);
      response.end();
      expect(response.body).toBe(text);
      expect(JSON.parse(response.wire)).toEqual(JSON.parse(text));
    }
  });

  test('gets beats between the tokens of a payload that comes slowly', () => {
    const response = new World().hold().answer();
    writeAll(response, ['{"a":', '1', ',"b":"x', 'y"', '}']);
    const before = response.beatsSent;
    response.beat().beat();
    expect(response.beatsSent).toBe(before + 2);
    response.end();
    expect(response.body).toBe('{"a":1,"b":"xy"}');
  });

  test('does not see what the handler does with its buffer afterwards', () => {
    for (const text of ['{"a":1}', '[1] ', '"s"', '42']) {
      const buffer = bytesOf(text);
      const response = new World().hold().answer();
      for (let at = 0; at < buffer.length; at++) response.write(buffer.subarray(at, at + 1));
      buffer.fill(0x21);
      response.end();
      expect(response.body).toBe(text);
    }
  });

  test('passes a body on that is no JSON, for it parses neither before nor after', () => {
    fc.assert(
      fc.property(jsonTexts, fc.constantFrom('x', '{}', '"', ',1'), splittings, (text, more, s) => {
        fc.pre(!parses(text + more));
        const response = new World().hold().answer();
        writeAll(response, split(bytesOf(text + more), s));
        response.end();
        expect(response.body).toBe(text + more);
        expect(parses(response.wire)).toBe(false);
      }),
      { numRuns: 200 },
    );
  });
});

describe('a handler that fails after any number of writes', () => {
  function failAfter(chunks: readonly Chunk[], options: TestOptions = quiet): TestResponse {
    const response = writeAll(new World().hold(options).answer(), chunks);
    response.hold.threw(new Error('secret'));
    return response;
  }

  function expectNoPrefixParses(wire: string): void {
    for (let length = 0; length <= wire.length; length++) {
      expect(parses(wire.slice(0, length)), JSON.stringify(wire.slice(0, length))).toBe(false);
    }
  }

  test.each(SHAPES)('never leaves behind what parses: %j, split at every place', (text) => {
    for (const chunks of everySplit(bytesOf(text))) {
      for (let writes = 0; writes <= chunks.length; writes++) {
        const { wire, ended } = failAfter(chunks.slice(0, writes));
        expect(parses(wire), JSON.stringify(wire)).toBe(false);
        expect(ended).toBe('cut');
        expect(wire).not.toContain('secret');
      }
    }
  });

  test('never leaves behind what parses, nor does any part of it', () => {
    fc.assert(
      fc.property(documents, splittings, fc.nat(), (doc, splitting, n) => {
        const chunks = split(bytesOf(doc.whole), splitting);
        const { wire, ended } = failAfter(chunks.slice(0, n % (chunks.length + 1)));
        expect(ended).toBe('cut');
        expectNoPrefixParses(wire);
      }),
      { numRuns: 500 },
    );
  });

  test.each(['body', () => ({ told: true })] as const)(
    'is only told cleanly under lateError %s as long as nothing of the payload has left',
    (lateError) => {
      for (const text of SHAPES) {
        for (const chunks of everySplit(bytesOf(text))) {
          const response = failAfter(chunks, { ...quiet, lateError });
          const begun = response.sent.some(({ kind }) => kind === 'body');
          expect(response.ended).toBe(begun ? 'cut' : 'clean');
          expect(parses(response.wire)).toBe(!begun);
        }
      }
    },
  );

  test('says what it is in a problem object that lacks its last brace', () => {
    const { body } = failAfter([]);
    expect(parseLateHead(leadingSpace(body))).toEqual({ status: 500, headers: [] });
    expect(JSON.parse(`${body}}`)).toEqual({
      type: 'about:blank',
      title: 'Internal Server Error',
      completion_status: 500,
      code: 'handler_error',
    });
  });

  test.each([
    [{ status: 418 }, 418],
    [{ statusCode: 404 }, 404],
    [{ status: 'no', statusCode: 429 }, 429],
    [{ status: 200 }, 500],
    [{ status: 600 }, 500],
    [{ status: 450.5 }, 500],
    [undefined, 500],
    [null, 500],
    ['text', 500],
    [
      {
        get status() {
          return 503;
        },
      },
      503,
    ],
  ])('which threw %j has the status %i', (error, status) => {
    const response = new World().hold(quiet);
    response.hold.threw(error);
    expect(parseLateHead(leadingSpace(response.body))?.status).toBe(status);
  });
});

describe('a JSON error of the handler', () => {
  test('leaves without its last brace, so that no part of it parses, and can be completed', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: 'binary', maxLength: 5 }), fc.jsonValue({ maxDepth: 2 })),
        fc.constantFrom(0, 2, '\t'),
        fc.integer({ min: 400, max: 599 }),
        splittings,
        (value, indent, status, splitting) => {
          const text = JSON.stringify(value, null, indent);
          const response = new World().hold(quiet).answer({ status });
          const chunks = split(bytesOf(`${text}\n`), splitting);
          const last = chunks.pop();
          writeAll(response, chunks);
          expect(response.end(last).cut).toBe(true);
          const { wire, body } = response;
          for (let length = 0; length <= wire.length; length++) {
            expect(parses(wire.slice(0, length))).toBe(false);
          }
          expect(JSON.stringify(JSON.parse(`${wire}}`))).toBe(JSON.stringify(JSON.parse(text)));
          expect(parseLateHead(leadingSpace(body))).toEqual({ status, headers: [] });
        },
      ),
      { numRuns: 200 },
    );
  });

  test.each<[string, string | undefined, string, unknown]>([
    ['an array', 'application/json', '[1]', [1]],
    ['a string', 'application/json', '"no"', 'no'],
    ['a number', 'application/problem+json', '17', 17],
    ['broken JSON', 'application/json', '{"a":', '{"a":'],
    ['text', 'text/plain', 'No such job', 'No such job'],
    ['a page', 'text/html; charset=utf-8', '<p>No</p>', '<p>No</p>'],
    ['text of no type', undefined, 'No', 'No'],
    ['nothing', undefined, '', undefined],
    ['an image', 'image/png', 'PNG', undefined],
  ])('that is %s is put into a problem object', (_name, contentType, text, body) => {
    const response = new World().hold(quiet).answer({ status: 404, contentType });
    response.end(text);
    expect(response.ended).toBe('cut');
    const problem: unknown = JSON.parse(`${response.body}}`);
    const mayBeText = contentType?.startsWith('image/') === true;
    expect(problem).toEqual({
      type: 'about:blank',
      title: 'Not Found',
      completion_status: 404,
      code: 'error_status',
      ...(contentType === undefined ? {} : { content_type: contentType }),
      ...(body === undefined || mayBeText ? {} : { body }),
    });
  });

  test('that is larger than a megabyte is not kept', () => {
    const response = new World().hold(quiet).answer({ status: 500 });
    response.write(`{"a":"${'x'.repeat(1_048_576)}`);
    response.end('"}');
    const problem: unknown = JSON.parse(`${response.body}}`);
    expect(problem).toMatchObject({ detail: expect.stringContaining('too large') });
    expect(response.body.length).toBeLessThan(1_000);
  });

  test.each(['body', 'function'] as const)('leaves whole under lateError %s', (policy) => {
    const lateError = policy === 'body' ? policy : () => ({ jsonrpc: '2.0', error: { code: -1 } });
    const response = new World().hold({ ...quiet, lateError }).answer({ status: 422 });
    response.end('{"why":"because"}');
    expect(response.ended).toBe('clean');
    expect(JSON.parse(response.body)).toEqual(
      policy === 'body' ? { why: 'because' } : { jsonrpc: '2.0', error: { code: -1 } },
    );
    expect(parseLateHead(leadingSpace(response.body))?.status).toBe(422);
  });
});

describe('a success without a body', () => {
  test.each([204, 200, 201, 202, 205])('of status %i is null behind its late head', (status) => {
    const response = new World().hold().answer({ status, contentType: undefined });
    response.end();
    expect(JSON.parse(response.wire)).toBe(null);
    const head = parseLateHead(leadingSpace(response.body));
    expect(head).toEqual(status === 200 ? undefined : { status, headers: [] });
    expect(response.ended).toBe('clean');
  });

  test.each(['text/html', 'application/octet-stream', 'text/plain; charset=latin1'])(
    'and with the type %s is null all the same',
    (contentType) => {
      const response = new World().hold().answer({ status: 204, contentType });
      response.end();
      expect(JSON.parse(response.wire)).toBe(null);
      expect(response.hold.state).toBe('complete');
    },
  );

  test('is null too if it was white space or a byte order mark only', () => {
    const response = new World().hold().answer({ contentType: undefined });
    response.write(' \n').write(Uint8Array.of(0xef, 0xbb, 0xbf));
    response.end('\r\n');
    expect(response.body).toBe('null');
  });
});

describe('an answer that does not fit a JSON head', () => {
  test.each([
    ['a page', 'text/html', '<p>Hello</p>'],
    ['another charset', 'application/json; charset=utf-16', '{"a":1}'],
    ['records', 'application/x-ndjson', '{"a":1}\n'],
    ['text', 'text/plain', '{"a":1}'],
  ])('because it is %s fails with a code of its own and is not shown', (_name, type, text) => {
    const response = new World().hold(quiet).answer({ contentType: type });
    response.write(text);
    response.end();
    expect(response.ended).toBe('cut');
    expect(parses(response.wire)).toBe(false);
    const problem: unknown = JSON.parse(`${response.body}}`);
    expect(problem).toMatchObject({ completion_status: 500, code: 'wrong_type' });
    expect(problem).not.toHaveProperty('body');
  });

  test.each([
    ['and has no body', undefined, ''],
    ['and is a page', 'text/html', '<p>Hello</p>'],
    ['and is JSON', 'application/json', '{"a":1}'],
  ])('because it is a part of a document %s fails, too', (_name, contentType, text) => {
    const response = new World().hold(quiet).answer({ status: 206, contentType });
    response.end(text);
    expect(response.ended).toBe('cut');
    const problem: unknown = JSON.parse(`${response.body}}`);
    expect(problem).toMatchObject({ completion_status: 500, code: 'wrong_type' });
    expect(response.hold.state).toBe('failed');
  });

  test('because it has no type and begins unlike JSON fails, wherever it is split', () => {
    for (const text of ['  Hello', '<html>', '\ufeff<p>']) {
      for (const chunks of everySplit(bytesOf(text))) {
        const response = new World().hold(quiet).answer({ contentType: undefined });
        writeAll(response, chunks);
        response.end();
        expect(JSON.parse(`${response.body}}`)).toMatchObject({ code: 'wrong_type' });
      }
    }
  });

  test.each(SHAPES)('is none if it has no type and is JSON: %j, wherever it is split', (text) => {
    for (const chunks of everySplit(bytesOf(`\r\n\ufeff ${text}`))) {
      const response = new World().hold(quiet).answer({ contentType: undefined });
      writeAll(response, chunks);
      response.end();
      expect(response.body).toBe(text);
    }
  });

  test.each(['application/json', 'text/html', undefined, 'text/event-stream'])(
    'because it is a redirect, with the type %s, fails and says where to',
    (contentType) => {
      const response = new World()
        .hold(quiet)
        .answer({ status: 302, contentType, headers: [['location', '/elsewhere']] });
      response.end();
      expect(response.ended).toBe('cut');
      expect(parseLateHead(leadingSpace(response.body))).toEqual({
        status: 302,
        headers: [['location', '/elsewhere']],
      });
      const problem: unknown = JSON.parse(`${response.body}}`);
      expect(problem).toMatchObject({ completion_status: 302, code: 'late_redirect' });
    },
  );

  test('because its coding could not be undone fails', () => {
    const response = new World().hold(quiet);
    response.hold.undecodable('It was br.');
    expect(JSON.parse(`${response.body}}`)).toMatchObject({
      code: 'undecodable',
      detail: 'It was br.',
    });
    expect(response.ended).toBe('cut');
  });
});

describe('an event stream on a JSON hold', () => {
  test('is passed on, makes the hold an event stream and is warned of once for a route', () => {
    const world = new World();
    for (let i = 0; i < 2; i++) {
      const response = world.hold().answer({ contentType: 'text/event-stream' });
      writeAll(response, ['\ufeffdata: a\n', '\n', 'data: b\n\n']);
      response.end();
      expect(response.hold.format).toBe('sse');
      expect(response.body).toBe('data: a\n\ndata: b\n\n');
      expect(response.wire).toMatch(/^\n+: keepalive\n\n/);
      expect(response.ended).toBe('clean');
    }
    expect(world.warnings.map(([code]) => code)).toEqual(['HOLDOPEN_FORMAT_SWITCH']);
    expect(world.warnings[0]?.[1]).toContain('format: (request) =>');
  });

  test('that fails in the middle of an event is cut, and at a boundary says so in an event', () => {
    const inside = new World().hold(quiet).answer({ contentType: 'text/event-stream' });
    inside.write('data: a\n').hold.threw(new Error('x'));
    expect([inside.body, inside.ended]).toEqual(['data: a\n', 'cut']);
    const between = new World().hold(quiet).answer({ contentType: 'text/event-stream' });
    between.write('data: a\n\n').hold.threw(new Error('x'));
    expect(between.body).toMatch(/^data: a\n\n: holdopen status=500\n\nevent: error\n/);
    expect(between.ended).toBe('clean');
  });

  test('of an error status is a late error that says so in a comment', () => {
    const world = new World();
    const response = world.hold().answer({ status: 503, contentType: 'text/event-stream' });
    response.end('data: busy\n\n');
    expect(response.body).toBe(': holdopen status=503\n\ndata: busy\n\n');
    const outcomes = world.events.filter((event) => event.type === 'late-outcome');
    expect(outcomes.map(({ outcome }) => outcome)).toMatchObject([
      { ok: false, status: 503, code: 'error_status' },
    ]);
  });
});
