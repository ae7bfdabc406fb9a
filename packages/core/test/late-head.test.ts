import { MAX_LATE_HEAD_BYTES, parseLateHead } from '@holdopen/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fitLateHeaders, isListed, lateHead, lateHeadComment } from '../src/late/head.js';
import { parseDictionary } from './structured-fields.js';
import { jsonSpace, jsonTexts } from './support.js';

const names = fc.oneof(
  fc.constantFrom('location', 'retry-after', 'link', 'ratelimit-limit', 'www-authenticate'),
  fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/),
);
/** What may stand in a header, and more: any characters but line ends, NUL and half ones. */
const values = fc
  .oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.constantFrom('', ' ', '"quoted \\" value"', 'a: b', 'é日本𝄞', '</x>; rel="next", </y>'),
  )
  .map((text) => text.replace(/[\r\n\0]/g, ''));
const headers = fc.array(fc.tuple(names, values), { maxLength: 8 });
const statuses = fc.integer({ min: 100, max: 599 });

const textBytes = (pairs: readonly (readonly [string, string])[]): number =>
  Buffer.byteLength(`200${pairs.map(([name, value]) => `\n${name}: ${value}`).join('')}`);

describe('the late head', () => {
  test('gives back any status and headers that were put into it', () => {
    fc.assert(
      fc.property(statuses, headers, (status, pairs) => {
        const { fitting } = fitLateHeaders(pairs);
        expect(parseLateHead(lateHead(status, fitting))).toEqual({ status, headers: fitting });
      }),
      { numRuns: 500 },
    );
  });

  test('holds 256 bytes of text at most and drops only what does not fit', () => {
    fc.assert(
      fc.property(headers, (pairs) => {
        const { fitting, dropped } = fitLateHeaders(pairs);
        expect(textBytes(fitting)).toBeLessThanOrEqual(MAX_LATE_HEAD_BYTES);
        expect(lateHead(200, fitting).length).toBeLessThanOrEqual(2 + 8 * MAX_LATE_HEAD_BYTES);
        expect(fitting.length + dropped.length).toBe(pairs.length);
        if (textBytes(pairs) <= MAX_LATE_HEAD_BYTES) expect(dropped).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  test('has room for exactly 256 bytes', () => {
    const room = MAX_LATE_HEAD_BYTES - '200\nlink: '.length;
    expect(fitLateHeaders([['link', 'x'.repeat(room)]]).dropped).toEqual([]);
    expect(fitLateHeaders([['link', 'x'.repeat(room + 1)]]).dropped).toEqual(['link']);
    expect(fitLateHeaders([['link', 'é'.repeat(room / 2 + 1)]]).dropped).toEqual(['link']);
  });

  test('drops a header that is too large and keeps the smaller one behind it', () => {
    const pairs = [
      ['link', 'x'.repeat(300)],
      ['retry-after', '5'],
    ] as const;
    expect(fitLateHeaders(pairs)).toEqual({ fitting: [['retry-after', '5']], dropped: ['link'] });
  });

  test.each(['a\rb', 'a\nb', 'a\0b'])('has no place for %j, which would forge a line', (value) => {
    expect(fitLateHeaders([['link', value]])).toEqual({ fitting: [], dropped: ['link'] });
  });

  test('is white space to a JSON parser', () => {
    fc.assert(
      fc.property(statuses, headers, jsonTexts, (status, pairs, text) => {
        const { fitting } = fitLateHeaders(pairs);
        expect(JSON.parse(`\n\n${lateHead(status, fitting)}${text}`)).toEqual(JSON.parse(text));
      }),
      { numRuns: 200 },
    );
  });

  test('is found behind any beats', () => {
    fc.assert(
      fc.property(jsonSpace, statuses, headers, (space, status, pairs) => {
        const { fitting } = fitLateHeaders(pairs);
        const found = parseLateHead(space + lateHead(status, fitting));
        expect(found).toEqual({ status, headers: fitting });
      }),
      { numRuns: 200 },
    );
  });

  test('is one CR, the bits of "422" from the highest down, one CR', () => {
    const four = '  \t\t \t  ';
    const two = '  \t\t  \t ';
    expect(lateHead(422, [])).toBe(`\r${four}${two}${two}\r`);
  });
});

describe('white space of another origin', () => {
  const spaces = fc.string({ unit: fc.constantFrom(' ', '\t', '\r', '\n'), maxLength: 80 });
  const bitGroups = fc
    .array(fc.stringMatching(/^[ \t]{8}$/), { maxLength: 12 })
    .map((groups) => `\r${groups.join('')}\r`);
  const anything = fc.oneof(spaces, bitGroups, fc.string());

  test('never throws, and is no late head unless it says exactly what one says', () => {
    fc.assert(
      fc.property(anything, (text) => {
        const head = parseLateHead(text);
        if (head === undefined) return;
        expect(text.endsWith(lateHead(head.status, head.headers))).toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });

  test('in which a late head lost or won a character is none', () => {
    const head = lateHead(422, [['retry-after', '5']]);
    for (let at = 0; at < head.length; at++) {
      const lost = head.slice(0, at) + head.slice(at + 1);
      const won = `${head.slice(0, at)} ${head.slice(at)}`;
      expect(parseLateHead(lost)).toBe(undefined);
      if (at > 0) expect(parseLateHead(won)).toBe(undefined);
    }
    expect(parseLateHead(`${head}\n`)).toBe(undefined);
  });

  test('is read in a time that grows with its length only', () => {
    const startMs = performance.now();
    for (const text of [' \t'.repeat(250_000), '\r '.repeat(250_000), '\r'.repeat(500_000)]) {
      expect(parseLateHead(text)).toBe(undefined);
    }
    expect(performance.now() - startMs).toBeLessThan(2_000);
  });
});

describe('the late head as a comment', () => {
  test('is a dictionary of RFC 9651 with everything that is printable', () => {
    fc.assert(
      fc.property(statuses, headers, (status, pairs) => {
        const comment = lateHeadComment(status, pairs);
        const printable = pairs.filter(([, value]) => /^[\x20-\x7e]*$/.test(value));
        if (status === 200 && printable.length === 0) {
          expect(comment).toBe('');
          return;
        }
        const [, text = ''] = /^: holdopen (.+)\n\n$/.exec(comment) ?? [];
        const members = parseDictionary(text);
        expect(members.get('status')).toBe(status === 200 ? undefined : status);
        for (const [name] of printable) {
          const all = printable.filter((pair) => pair[0] === name).map(([, value]) => value);
          expect(members.get(name)).toBe(all.join(', '));
        }
      }),
      { numRuns: 500 },
    );
  });

  test('leaves out a name that cannot be a key there', () => {
    const pairs = [
      ['ratelimit-a|b', '1'],
      ['ratelimit-!', '2'],
      ['retry-after', '5'],
    ] as const;
    expect(lateHeadComment(429, pairs)).toBe(': holdopen status=429, retry-after="5"\n\n');
  });

  test('does not let a header named status stand for the status', () => {
    const members = parseDictionary(
      lateHeadComment(503, [
        ['status', 'fine'],
        ['link', '<x>'],
      ]).slice(': holdopen '.length, -2),
    );
    expect([members.get('status'), members.get('link')]).toEqual([503, '<x>']);
  });

  test('joins the values of one name, since a key stands once in a dictionary', () => {
    const pairs = [
      ['link', '</a>; rel="next"'],
      ['retry-after', '5'],
      ['link', '</b>'],
    ] as const;
    expect(lateHeadComment(200, pairs)).toBe(
      ': holdopen link="</a>; rel=\\"next\\", </b>", retry-after="5"\n\n',
    );
  });
});

describe('the list of headers that may come late', () => {
  test.each([
    ['location', true],
    ['content-location', true],
    ['retry-after', true],
    ['link', true],
    ['www-authenticate', true],
    ['ratelimit', true],
    ['ratelimit-remaining', true],
    ['ratelimited', false],
    ['x-request-id', false],
    ['x-mine', true],
    ['content-type', false],
    ['set-cookie', false],
  ])('of %s says %s', (name, listed) => {
    expect(isListed(name, new Set(['x-mine', 'set-cookie']))).toBe(listed);
  });
});
