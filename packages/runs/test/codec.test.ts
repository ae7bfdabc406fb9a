import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Cursor, formatCursor, parseCursor } from '../src/cursor.js';
import { decodeEntry, decodeHead, type Entry, encodeEntry, encodeHead } from '../src/entry.js';
import { RunError } from '../src/errors.js';
import { newEpoch, newRunId } from '../src/run-id.js';
import { SETTLED_STATES } from '../src/store.js';
import { systemRandom } from '../src/timers.js';

const run = newRunId('s'.repeat(22), systemRandom, 'a1b2c3');
const epoch = newEpoch(systemRandom);
const ownId = fc.string({ unit: 'binary', maxLength: 60 }).filter((id) => !/[\r\n\0]/.test(id));

describe('a cursor', () => {
  test('comes back as it was written, with the application’s id', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.option(fc.constantFrom(...SETTLED_STATES), { nil: undefined }),
        fc.option(ownId, { nil: undefined }),
        (offset, final, own) => {
          const text = formatCursor({ run, epoch, offset, final, ownId: own });
          expect(text).toMatch(/^[\x21-\x7e]{1,256}$/);
          const parsed = parseCursor(text);
          expect(parsed).toMatchObject({ run, epoch, offset });
          expect(parsed?.final).toBe(final);
          if (encodeURIComponent(own ?? '').length <= 150) expect(parsed?.ownId).toBe(own);
        },
      ),
    );
  });

  test('leaves out an id of the application’s that would make it longer than 256 bytes', () => {
    const text = formatCursor({ run, epoch, offset: 7, ownId: 'x'.repeat(300) });
    expect(parseCursor(text)).toEqual({ run, epoch, offset: 7 });
  });

  test('is not seen in what an application may use as an id of its own', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(parseCursor(text)).toBeUndefined();
      }),
    );
    const good = formatCursor({ run, epoch, offset: 1 } satisfies Cursor);
    for (const bad of [
      '',
      '1',
      `${good}~%0d%0Aevil: 1`,
      `${good}~%0A`,
      `${good}~%zz`,
      `${good}\n`,
      `${good}9999999999999999999`,
      `${good}~${'a'.repeat(256)}`,
      good.replace('ho1', 'ho2'),
      good.replace(/\d$/, '-1'),
      good.replace(/\d$/, '01'),
      `${good}z`,
      ` ${good}`,
    ]) {
      expect(parseCursor(bad), bad).toBeUndefined();
    }
  });
});

describe('an entry', () => {
  const entry: fc.Arbitrary<Entry> = fc.oneof(
    fc.record({ kind: fc.constant('chunk' as const), bytes: fc.uint8Array() }),
    fc.record({
      kind: fc.constant('event' as const),
      lines: fc.string({ unit: 'grapheme' }),
      ownId: fc.option(ownId, { nil: undefined }),
    }),
    fc.record({
      kind: fc.constant('end' as const),
      state: fc.constantFrom(...SETTLED_STATES),
      status: fc.integer({ min: 200, max: 599 }),
    }),
  );

  test('comes back as it was written, whatever its bytes', () => {
    fc.assert(
      fc.property(entry, (one) => {
        expect(decodeEntry(encodeEntry(one))).toEqual(one);
      }),
    );
  });

  test('is a copy of the handler’s bytes', () => {
    const bytes = Uint8Array.of(1, 2, 3);
    const encoded = encodeEntry({ kind: 'chunk', bytes });
    bytes.fill(0);
    expect(decodeEntry(encoded)).toEqual({ kind: 'chunk', bytes: Uint8Array.of(1, 2, 3) });
  });

  test('that cannot be read is an error and nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        for (const decode of [decodeEntry, decodeHead]) {
          try {
            decode(bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(RunError);
            expect((error as RunError).code).toBe('corrupt_entry');
          }
        }
      }),
    );
    expect(() => decodeEntry(new Uint8Array(0))).toThrow(RunError);
  });

  test('a head comes back as it was written', () => {
    const head = { status: 201, headers: [['x-a', 'ü']] as const, unit: 'event' as const };
    expect(decodeHead(encodeHead(head))).toEqual(head);
  });
});
