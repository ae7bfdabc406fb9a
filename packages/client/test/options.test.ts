import { expect, test } from 'vitest';
import { type HoldOptions, holdFetch, OptionError } from '../src/index.js';

const sessionStorageLike = { getItem: () => null, setItem() {}, removeItem() {} };

const wrong: [option: string, given: unknown, fix: RegExp][] = [
  ['timeout', { timeout: 5 }, /there is no such option; there are fetch, intervalMs, /],
  ['retry.retries', { retry: { retries: 5 } }, /no such option; there are maxAttempts, baseMs/],
  ['retry', { retry: 5 }, /give an object/],
  ['intervalMs', { intervalMs: 0 }, /a number above 0, not 0/],
  ['maxSilenceMs', { maxSilenceMs: Number.NaN }, /a number above 0, not NaN/],
  ['retry.maxAttempts', { retry: { maxAttempts: -1 } }, /a whole number from 1/],
  ['json', { json: true }, /'check' or 'trust'/],
  ['fetch', { fetch: 'mine' }, /a function/],
  ['onState', { onState: {} }, /a function/],
  ['idempotencyKey', { idempotencyKey: '' }, /true for a key made by chance/],
  ['idempotencyKey', { idempotencyKey: 'a\nb' }, /letters, digits/],
  ['idempotencyKey', { idempotencyKey: 4711 }, /letters, digits/],
  ['retry.maxAttempts', { retry: { maxAttempts: 0.5 } }, /a whole number from 1, not 0.5/],
  ['retry', { retry: null }, /give an object/],
  ['retry.baseMs', { retry: { baseMs: null } }, /a number above 0/],
  ['fetch', { fetch: null }, /a function/],
  ['keyHeader', { keyHeader: 'a b' }, /the name of a header/],
  ['persist', { persist: null }, /sessionStorage or the like/],
  ['persist', { persist: { storage: sessionStorageLike } }, /\{ storage, name \}/],
  ['persist', { persist: { storage: sessionStorageLike, name: '' } }, /\{ storage, name \}/],
  [
    'persist',
    { persist: { storage: sessionStorageLike, name: 'a', ttlMs: 5 } },
    /\{ storage, name \} and no more/,
  ],
  ['persist', { persist: { storage: { getItem() {} }, name: 'a' } }, /sessionStorage or the like/],
  ['persist', { persist: {} }, /sessionStorage or the like/],
  ['persist', { idempotencyKey: false, persist: { storage: new Map(), name: 'a' } }, /needs a key/],
];

test.each(wrong)('the option %s is refused with the fix: %j', async (option, given, fix) => {
  const asked = holdFetch('http://127.0.0.1:9/', { holdOpen: given as HoldOptions });
  const error = await asked.catch((error) => error);
  expect(error).toBeInstanceOf(OptionError);
  expect([error.code, error.option]).toEqual(['HOLDOPEN_INVALID_OPTION', option]);
  expect(error.message).toMatch(fix);
});

test('another key than that of the headers is refused', async () => {
  const asked = holdFetch('http://127.0.0.1:9/', {
    method: 'POST',
    headers: { 'idempotency-key': 'a' },
    holdOpen: { idempotencyKey: 'b' },
  });
  expect((await asked.catch((error) => error)).message).toMatch(/leave one of them out/);
});
