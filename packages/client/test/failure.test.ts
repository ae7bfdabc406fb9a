import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { classify } from '../src/transport/failure.js';
import { SIGNS, wordsOf } from '../src/transport/page.js';

interface Shape {
  runtime: string;
  case: string;
  headCame: boolean;
  error: Described;
  kind: string;
  mayHaveRun: boolean;
}

interface Described {
  name: string;
  code?: string;
  message: string;
  cause?: Described;
}

/** What each runtime threw when a raw server treated it so, or what its bug tracker quotes. */
const shapes = JSON.parse(
  readFileSync(new URL('support/error-shapes.json', import.meta.url), 'utf8'),
) as Shape[];

function rebuild({ name, code, message, cause }: Described): Error {
  const error = new Error(message, cause === undefined ? {} : { cause: rebuild(cause) });
  return Object.assign(error, { name }, code === undefined ? {} : { code });
}

describe('an error of the network', () => {
  test.each(shapes)('in $runtime, $case, is "$kind"', ({ error, headCame, kind, mayHaveRun }) => {
    const failure = classify(rebuild(error), headCame);
    expect([failure?.kind, failure?.mayHaveRun]).toEqual([kind, mayHaveRun]);
  });

  test('that came with the body may have run, whatever it is', () => {
    expect(classify(new Error('connect ECONNREFUSED'), true)?.mayHaveRun).toBe(true);
  });

  test('behind several addresses is that of the first', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED ::1:80'), {
      code: 'ECONNREFUSED',
    });
    const error = new TypeError('fetch failed', { cause: new AggregateError([refused]) });
    expect(classify(error, false)).toMatchObject({ kind: 'refused', mayHaveRun: false });
  });

  test('is not told by the words of an address', () => {
    const cause = new Error('error sending request for url (http://reset.example/TLS?terminated)');
    expect(classify(new TypeError('fetch failed', { cause }), false)?.kind).toBe('network');
    const unknown = new Error('getaddrinfo ENOTFOUND redirect.invalid');
    expect(classify(new TypeError('fetch failed', { cause: unknown }), false)?.kind).toBe('dns');
  });
});

test.each(shapes.filter(({ runtime }) => /chrom|firefox|safari|webkit|browser/i.test(runtime)))(
  'what a page loads knows $case in $runtime',
  ({ error, kind }) => {
    const words = wordsOf(rebuild(error));
    expect(SIGNS.find(([, sign]) => sign.test(words))?.[0]).toBe(kind);
  },
);

test('nor does a page take the words of a host for what failed', () => {
  expect(wordsOf(new TypeError('Load failed (redirect.example)'))).not.toMatch(/redirect/);
  expect(wordsOf(undefined)).not.toMatch(/fail/);
});

describe('an error that is none of the network', () => {
  test.each([
    new TypeError('fetch failed', { cause: new Error('bad port') }),
    new TypeError('Fetch failed: Requests to port 1 are blocked'),
    new TypeError('fetch failed', { cause: new Error('unexpected redirect') }),
    new TypeError('Failed to parse URL from nowhere'),
    new TypeError("Failed to execute 'fetch' on 'Window': Invalid value"),
    new TypeError('x is not a function'),
    new DOMException('This operation was aborted', 'AbortError'),
    'a text',
    undefined,
  ])('is left as it is: %s', (error) => {
    expect(classify(error, false)).toBe(undefined);
  });
});
