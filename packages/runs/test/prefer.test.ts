import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { asyncPreference } from '../src/attach/prefer.js';
import { parsePreferences } from '../src/preferences.js';
import { workRequest } from '../src/serve/work-request.js';
import { ask } from './support/desk.js';

const asked = (prefer: string) => asyncPreference(ask({ headers: { prefer } }));

describe('the wish for a 202', () => {
  test.each([
    ['respond-async', 0],
    ['Respond-Async, WAIT=1', 1],
    ['respond-async, wait="1"', 1],
    ['respond-async, wait = 1 ; foo=bar', 1],
    ['wait=1;a="b, c", return=minimal, respond-async; x', 1],
    ['respond-async="", wait=1', 1],
    ['respond-async; wait=1', 0],
    ['respond-async, wait=99999999999999999999', 25],
    ['respond-async, wait=-1', 0],
    ['respond-async, wait=2, wait=9', 2],
    [', ,respond-async,', 0],
  ])('%s is to be waited for %i s', (prefer, seconds) => {
    expect(asked(prefer)?.waitMs).toBe(seconds * 1_000);
  });

  test.each([
    'wait=5',
    'respond-asynchronous',
    'respond-async=false',
    'foo="a, respond-async, b"',
    'foo="a \\", respond-async',
    'return=minimal; foo="respond-async"',
    '"respond-async"',
  ])('is not in %s', (prefer) => {
    expect(asked(prefer)).toBeUndefined();
  });
});

describe('the handler’s request', () => {
  const seen = (prefer: string) =>
    workRequest(
      ask({ headers: { prefer } }),
      new Uint8Array(),
      new AbortController().signal,
    ).headers.get('prefer');

  test('keeps what else is preferred', () => {
    expect(seen('respond-async, return=minimal; a="b, c", wait=5')).toBe(
      'return=minimal; a="b, c"',
    );
    expect(seen('wait=5, respond-async')).toBeNull();
    expect(seen('wait=5, return=minimal')).toBe('wait=5, return=minimal');
    expect(seen('respond-async, n@t one')).toBe('n@t one');
  });
});

describe('parsing', () => {
  const token = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,8}$/);
  const text = fc.stringMatching(/^[ !-~]{0,8}$/);
  const quote = (value: string) => `"${value.replace(/["\\]/g, '\\$&')}"`;
  const word = fc.oneof(
    token.map((value) => ({ value, written: value })),
    text.map((value) => ({ value, written: quote(value) })),
  );
  const space = fc.constantFrom('', ' ', '\t');

  test('gives back whatever was written by the grammar', () => {
    const parameter = fc.tuple(token, word).map(([name, { written }]) => `;${name}=${written}`);
    const preference = fc
      .record({ name: token, word: fc.option(word), parameters: fc.array(parameter), space })
      .map((one) => ({
        name: one.name.toLowerCase(),
        value: one.word?.value ?? '',
        text:
          one.name +
          (one.word === null ? '' : `${one.space}=${one.space}${one.word.written}`) +
          one.parameters.join(one.space),
      }));
    fc.assert(
      fc.property(fc.array(preference), space, (preferences, between) => {
        const header = preferences.map((one) => one.text).join(`${between},${between}`);
        expect(parsePreferences(header)).toEqual(preferences);
      }),
    );
  });

  test('takes any text, and loses none but commas and spaces', () => {
    const bare = (it: string) => it.replace(/[,\s]/g, '');
    fc.assert(
      fc.property(fc.string(), (header) => {
        const parsed = parsePreferences(header);
        expect(bare(parsed.map((one) => one.text).join())).toBe(bare(header));
      }),
    );
  });
});
