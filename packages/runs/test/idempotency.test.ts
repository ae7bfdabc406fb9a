import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson } from '../src/idempotency/canonical-json.js';
import { type FingerprintFacts, fingerprintOf } from '../src/idempotency/fingerprint.js';
import { isSecretKey, parseIdempotencyKey } from '../src/idempotency/key.js';
import { meetKey, restartStates, stateOfAnswer } from '../src/idempotency/same-key.js';
import { importSecret, isRunId, newRunId, slotOf, slotOfRun } from '../src/run-id.js';
import type { SETTLED_STATES } from '../src/store.js';
import { systemRandom } from '../src/timers.js';
import { signRunToken, verifyRunToken } from '../src/token.js';
import { FakeClock } from './support/clock.js';
import { own } from './support/owner.js';
import { openMemory } from './support/store.js';

const secret = await importSecret('0123456789abcdef0123456789abcdef');
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('a key', () => {
  test('is one identity, quoted or bare', () => {
    expect(parseIdempotencyKey('abc-1_2')).toBe('abc-1_2');
    expect(parseIdempotencyKey(' "abc-1_2" ')).toBe('abc-1_2');
    expect(parseIdempotencyKey('"a b, \\"c\\" \\\\"')).toBe('a b, "c" \\');
    expect(parseIdempotencyKey('"abc";v=1')).toBe('abc');
    expect(parseIdempotencyKey(undefined)).toBeUndefined();
    expect(parseIdempotencyKey(null)).toBeUndefined();
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 255 }), (key) => {
        expect(parseIdempotencyKey(`"${key.replace(/["\\]/g, '\\$&')}"`)).toBe(key);
      }),
    );
  });

  test('that is none is refused, with what it should be', () => {
    for (const bad of [
      '',
      ' ',
      '""',
      '"a',
      'a b',
      'a,b',
      'a, a',
      '"a", "b"',
      'é',
      '"é"',
      '"\\a"',
      'a'.repeat(256),
      `"${'a'.repeat(256)}"`,
      '"a\nb"',
      "'a'",
    ]) {
      expect(() => parseIdempotencyKey(bad), bad).toThrow(/An idempotency key has 1 to 255/);
    }
  });

  test('may be its holder’s only proof if it has 128 bits', () => {
    expect(isSecretKey(crypto.randomUUID())).toBe(true);
    expect(isSecretKey('Zm9vYmFyYmF6cXV4MTIzND')).toBe(true);
    for (const weak of ['1', 'order-123', 'a'.repeat(255), '0123456789abcdef']) {
      expect(isSecretKey(weak), weak).toBe(false);
    }
  });
});

describe('a fingerprint', () => {
  const facts: FingerprintFacts = {
    method: 'POST',
    path: '/a',
    query: '?b=1',
    contentType: 'application/json; charset=UTF-8',
    body: { kind: 'raw', bytes: utf8('{}') },
  };
  const form = (boundary: string, text = 'value'): FingerprintFacts => ({
    ...facts,
    contentType: `multipart/form-data; boundary=${boundary}`,
    body: {
      kind: 'raw',
      bytes: utf8(
        `--${boundary}\r\nContent-Disposition: form-data; name="a"\r\n\r\n${text}\r\n--${boundary}--\r\n`,
      ),
    },
  });

  test('differs in method, path, query, media type and body, and in nothing else', async () => {
    const base = await fingerprintOf(facts);
    expect(await fingerprintOf({ ...facts })).toBe(base);
    expect(await fingerprintOf({ ...facts, contentType: 'Application/JSON;charset="utf-8"' })).toBe(
      base,
    );
    for (const other of [
      { method: 'PATCH' },
      { path: '/b' },
      { query: '' },
      { contentType: 'text/plain' },
      { contentType: undefined },
      { body: { kind: 'raw', bytes: utf8('{ }') } as const },
    ]) {
      expect(await fingerprintOf({ ...facts, ...other }), JSON.stringify(other)).not.toBe(base);
    }
  });

  test('of multipart does not depend on the boundary, and does on what is between', async () => {
    expect(await fingerprintOf(form('one'))).toBe(await fingerprintOf(form('another-boundary')));
    expect(await fingerprintOf(form('one'))).not.toBe(await fingerprintOf(form('one', 'other')));
    // A part whose text is a boundary of another attempt, or looks like one.
    expect(await fingerprintOf(form('one', 'x --one y'))).not.toBe(
      await fingerprintOf(form('two', 'x --two y')),
    );
    expect(await fingerprintOf(form('one', 'a\r\n--one\r\nb'))).not.toBe(
      await fingerprintOf(form('two', 'a\r\n--one\r\nb')),
    );
    expect(await fingerprintOf(form('one', 'a\r\n--onex\r\nb'))).not.toBe(
      await fingerprintOf(form('two', 'a\r\n--twox\r\nb')),
    );
  });

  test('of a parsed body is the same however its JSON was written', async () => {
    const parsed = (value: unknown): FingerprintFacts => ({
      ...facts,
      body: { kind: 'parsed', value },
    });
    expect(await fingerprintOf(parsed({ a: 1, b: [{ c: 2, d: 3 }] }))).toBe(
      await fingerprintOf(parsed({ b: [{ d: 3, c: 2 }], a: 1 })),
    );
    expect(await fingerprintOf(parsed({ a: 1 }))).not.toBe(await fingerprintOf(parsed({ a: '1' })));
    expect(await fingerprintOf(parsed([1, 2]))).not.toBe(await fingerprintOf(parsed([2, 1])));
    await expect(fingerprintOf(parsed(new Map()))).rejects.toThrow(/no JSON/);
    await expect(fingerprintOf(parsed({ a: 1n }))).rejects.toThrow(/fingerprint: \(request\)/);
  });

  test('canonical JSON is JSON of the same value, whatever the order of members', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value) as string;
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(canonicalJson(reversed(value))).toBe(text);
      }),
    );
    expect(canonicalJson(JSON.parse('{"__proto__":1}'))).toBe('{"__proto__":1}');
  });

  test('numbers that a parser tells apart are other payloads', () => {
    const texts = ['1e999', '-1e999', 'null', '0', '-0', '"Infinity"', '1e308'].map((text) =>
      canonicalJson(JSON.parse(`{"amount":${text}}`)),
    );
    expect(new Set(texts).size).toBe(texts.length);
  });

  test('JSON of any depth is written, since parsers take it', () => {
    const text = `${'[{"a":'.repeat(50_000)}1${'}]'.repeat(50_000)}`;
    expect(canonicalJson(JSON.parse(text))).toBe(text);
  });

  test('what is no JSON leaves what stands beside it as it is', () => {
    const holes: unknown[] = [1];
    holes[3] = () => 1;
    expect(canonicalJson({ b: undefined, a: holes, c: [], d: {}, e: () => 1 })).toBe(
      '{"a":[1,null,null,null],"c":[],"d":{}}',
    );
    expect(canonicalJson(undefined)).toBeUndefined();
  });

  test('bytes that a parser made are one word, and no text looks like them', () => {
    const bytes = { file: Buffer.from('abc') };
    expect(canonicalJson(bytes)).toBe('{"file":bytes(YWJj)}');
    expect(canonicalJson({ file: 'bytes(YWJj)' })).not.toBe(canonicalJson(bytes));
  });

  test('a cycle is refused where it begins, without writing all around it again', () => {
    let looks = 0;
    const part: Record<string, unknown> = {
      get content() {
        looks += 1;
        return 'x';
      },
    };
    part.fields = { file: part };
    expect(canonicalJson({ file: part })).toBeUndefined();
    expect(looks).toBeLessThan(5);
  });
});

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, own]) => [name, reversed(own)]),
  );
}

describe('what the same key meets', () => {
  const policy = { whileRunning: 'attach' } as const;
  async function claimAfter(state: (typeof SETTLED_STATES)[number] | 'running', onLost?: 'rerun') {
    const clock = new FakeClock();
    const { store } = openMemory(clock.now);
    const { record } = await own(store, clock);
    const { run, fence } = record;
    const entry = Uint8Array.of(1);
    if (state !== 'running') {
      await store.settle({ run, fence, expectedTail: 0, entry, state, retentionMs: 1e6 });
    }
    return store.claim({
      ...record,
      run,
      epoch: 'another',
      leaseMs: 1_000,
      retentionMs: 1_000,
      restart: restartStates({ onLost }),
    });
  }

  test('is the table of the contract', async () => {
    const met = async (...args: Parameters<typeof claimAfter>) =>
      meetKey(await claimAfter(...args), policy);
    expect(await met('running')).toMatchObject({ kind: 'attach' });
    expect(meetKey(await claimAfter('running'), { whileRunning: 'refuse' })).toMatchObject({
      kind: 'refuse',
      status: 409,
    });
    expect(await met('completed')).toMatchObject({ kind: 'replay' });
    expect(await met('failed')).toMatchObject({ kind: 'replay' });
    expect(await met('released')).toMatchObject({ kind: 'start', record: { attempt: 2 } });
    expect(await met('cancelled')).toMatchObject({
      kind: 'refuse',
      status: 410,
      code: 'cancelled',
    });
    expect(await met('lost')).toMatchObject({ kind: 'refuse', status: 500, code: 'lost' });
    expect(await met('lost', 'rerun')).toMatchObject({ kind: 'start', record: { attempt: 2 } });
    expect(await met('cancelled', 'rerun')).toMatchObject({ kind: 'refuse' });
  });

  test('another payload is 422 in every state', async () => {
    const answer = await claimAfter('completed');
    expect(meetKey({ ...answer, outcome: 'conflict' }, policy)).toMatchObject({ status: 422 });
  });

  test('only answers that say "not now" release a key', () => {
    for (const status of [401, 403, 408, 425, 429, 503])
      expect(stateOfAnswer(status)).toBe('released');
    for (const status of [400, 404, 409, 422, 500, 502, 504])
      expect(stateOfAnswer(status)).toBe('failed');
    for (const status of [200, 201, 204, 303]) expect(stateOfAnswer(status)).toBe('completed');
  });
});

describe('a run id', () => {
  const identity = { principal: 'p', route: 'POST /r', key: 'k' };

  test('lies in the slot of its principal, route and key, and no two of them share one', async () => {
    const slot = await slotOf(secret, identity);
    expect(await slotOf(secret, { ...identity })).toBe(slot);
    const others = [
      { ...identity, principal: 'p2' },
      { ...identity, route: 'POST /r2' },
      { ...identity, key: 'k2' },
      { principal: 'pPOST', route: ' /r', key: 'k' },
      { principal: 'p","POST /r', route: '', key: 'k' },
    ];
    const slots = await Promise.all(others.map((one) => slotOf(secret, one)));
    expect(new Set([slot, ...slots]).size).toBe(others.length + 1);
    const run = newRunId(slot, systemRandom, 'a1');
    expect(isRunId(run)).toBe(true);
    expect(slotOfRun(run)).toBe(slot);
    expect(newRunId(slot, systemRandom)).not.toBe(newRunId(slot, systemRandom));
    const other = await importSecret('another secret of enough bytes');
    expect(await slotOf(other, identity)).not.toBe(slot);
  });

  test('is refused to an empty principal and a short secret', async () => {
    await expect(slotOf(secret, { ...identity, principal: '' })).rejects.toMatchObject({
      code: 'empty_principal',
    });
    await expect(importSecret('short')).rejects.toThrow(/at least 16 bytes/);
  });
});

describe('a run token', () => {
  const run = newRunId('s'.repeat(22), systemRandom);
  const now = 1_000_000;

  test('says for which run and what, until it expires', async () => {
    const text = await signRunToken(secret, { run, expiresAt: now + 1 });
    expect(await verifyRunToken(secret, text, { now })).toMatchObject({
      run,
      actions: ['attach', 'read'],
    });
    await expect(verifyRunToken(secret, text, { now: now + 1 })).rejects.toMatchObject({
      code: 'invalid_token',
    });
  });

  test('that is forged, of another secret or revoked does not count', async () => {
    const text = await signRunToken(secret, { run, expiresAt: now + 1 });
    const other = await importSecret('another secret of enough bytes');
    await expect(verifyRunToken(other, text, { now })).rejects.toThrow(/does not count/);
    for (let i = 0; i < text.length; i += 1) {
      const letter = text[i] === 'A' ? 'B' : 'A';
      const forged = text.slice(0, i) + letter + text.slice(i + 1);
      await expect(verifyRunToken(secret, forged, { now })).rejects.toThrow(/does not count/);
    }
    for (const bad of [
      '',
      'hr1',
      'hr1..',
      `${text}x`,
      text.replace('hr1', 'hr2'),
      'a'.repeat(9_999),
    ]) {
      await expect(verifyRunToken(secret, bad, { now })).rejects.toThrow(/does not count/);
    }
    await expect(verifyRunToken(secret, text, { now, isRevoked: () => true })).rejects.toThrow();
    const broken = () => Promise.reject(new Error('down'));
    await expect(verifyRunToken(secret, text, { now, isRevoked: broken })).rejects.toThrow();
    expect(await verifyRunToken(secret, text, { now, isRevoked: async () => false })).toBeDefined();
  });

  test('cannot allow a start', async () => {
    const actions = ['start'] as unknown as ['read'];
    await expect(signRunToken(secret, { run, actions, expiresAt: now })).rejects.toThrow(
      /actions out of/,
    );
  });
});
