import { expect, test } from 'vitest';
import { accepts } from '../src/attach/accept.js';
import { parseCursor } from '../src/cursor.js';
import { fingerprintOf } from '../src/idempotency/fingerprint.js';
import { parseIdempotencyKey } from '../src/idempotency/key.js';
import { parsePreferences } from '../src/preferences.js';

/** As long as a header over HTTP/2 may be with Node's defaults. */
const LENGTH = 60_000;
/** A square of the length would be thousands of times as much. */
const MOST_TIMES = 100;

const long = (piece: string, length: number): string =>
  piece.repeat(Math.ceil(length / piece.length)).slice(0, length);

const swallow = (read: () => unknown): void => {
  try {
    read();
  } catch {
    // Refused, which is well.
  }
};

const READERS: readonly (readonly [name: string, read: (header: string) => unknown])[] = [
  ['Prefer', parsePreferences],
  ['Idempotency-Key', (header) => swallow(() => parseIdempotencyKey(header))],
  ['Accept', (header) => accepts(header, 'application/json')],
  ['Accept for another type', (header) => accepts(header, `application/vnd.${'+a'.repeat(20)}`)],
  ['Last-Event-ID', parseCursor],
  [
    'Content-Type',
    (contentType) =>
      fingerprintOf({
        method: 'POST',
        path: '/',
        query: '',
        contentType,
        body: { kind: 'raw', bytes: new Uint8Array() },
      }),
  ],
];

/** What is read with care on one side of it may be read again and again on the other. */
const around = (fill: string): readonly ((length: number) => string)[] => [
  (length) => `${long(fill, length)}@`,
  (length) => `a${long(fill, length)}@`,
  (length) => `a=${long(fill, length)}@`,
  (length) => `a=b${long(fill, length)}@`,
  (length) => `a="${long(fill, length)}`,
  (length) => `"${long(fill, length)}`,
  (length) => `"a"${long(fill, length)}@`,
  (length) => `a;${long(fill, length)}@`,
  (length) => `multipart/form-data; boundary=${long(fill, length)}@`,
];
const FILLS = [
  ' ',
  '\t',
  '"',
  '\\',
  'a',
  '+a',
  ';',
  ';q=',
  '; a="',
  '=',
  ',',
  '1',
  '\\"',
  'a ',
  '" ',
];

/** The least of some measurements: whatever else the machine does only adds to them. */
function costOf(read: () => unknown): number {
  const costs = [1, 2, 3].map(() => {
    const from = performance.now();
    read();
    return performance.now() - from;
  });
  return Math.min(...costs);
}

// As long as may come, and as long as is still looked at.
for (const length of [LENGTH, 4_000]) {
  test.each(READERS)(`a hostile %s of ${length} characters is read in linear time`, (_, read) => {
    const plain = 'x'.repeat(length);
    // Of a short text the timer sees nothing; copying it is at least some work.
    const least = costOf(() => [...plain].join(''));
    const usual = Math.max(
      least,
      costOf(() => read(plain)),
    );
    for (const fill of FILLS) {
      for (const make of around(fill)) {
        const header = make(length);
        const times = costOf(() => read(header)) / usual;
        expect(times, JSON.stringify(header.slice(0, 60))).toBeLessThan(MOST_TIMES);
      }
    }
  });
}

test('a Prefer that is too long says nothing, and one that is not is read as ever', () => {
  expect(parsePreferences(`respond-async, a="${'b'.repeat(4_096)}"`)).toEqual([]);
  expect(parsePreferences('respond-async , wait = "1\\0" ; a=b, c=, d =  ;e')).toMatchObject([
    { name: 'respond-async', value: '' },
    { name: 'wait', value: '10' },
    { name: 'c', value: '' },
    { name: 'd', value: '' },
  ]);
});
