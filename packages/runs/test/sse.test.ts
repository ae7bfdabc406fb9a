import { createParser, type EventSourceMessage } from 'eventsource-parser';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EventEntry } from '../src/entry.js';
import { frameEvent, frameStart } from '../src/sse/frame.js';
import { EventSplitter } from '../src/sse/split.js';

const encoder = new TextEncoder();

function split(chunks: readonly (Uint8Array | string)[], max = 10_000): EventEntry[] {
  const splitter = new EventSplitter(max);
  const entries = chunks.flatMap((chunk) => splitter.push(chunk));
  const rest = splitter.end();
  return rest === undefined ? entries : [...entries, rest];
}

/** What a client makes of a text: its events, and its retries. */
function read(text: string) {
  const events: EventSourceMessage[] = [];
  const retries: number[] = [];
  const parser = createParser({
    onEvent: (event) => events.push(event),
    onRetry: (ms) => retries.push(ms),
  });
  parser.feed(text);
  return { events, retries };
}

/** The last event id of each event with data, by the letter of HTML section 9.2.6. */
function lastIds(text: string): (string | undefined)[] {
  const ids: (string | undefined)[] = [];
  let lastId: string | undefined;
  let hasData = false;
  for (const one of text.replace(/\r\n?/g, '\n').split('\n').slice(0, -1)) {
    const [, name, value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(one) ?? [];
    if (one === '') {
      if (hasData) ids.push(lastId);
      hasData = false;
    } else if (name === 'data') hasData = true;
    else if (name === 'id' && !value.includes('\0')) lastId = value;
  }
  return ids;
}

const line = fc.oneof(
  fc.constantFrom('data: a', 'data:', 'data', 'data: ', 'event: x', 'event', 'id: 7', 'id', 'id:'),
  fc.constantFrom(': comment', ':', 'retry: 100', 'retry: 1x', 'unknown: 1', 'ï»¿data: no', ''),
  fc
    .string({ unit: 'grapheme', maxLength: 8 })
    .map((text) => `data: ${text.replace(/[\r\n]/g, '')}`),
  fc.constant(''),
);
const stream = fc
  .array(fc.tuple(line, fc.constantFrom('\n', '\r', '\r\n')), { maxLength: 30 })
  .map((lines) => lines.map(([text, end]) => text + end).join(''));

function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const at = [...new Set([0, ...places.map((place) => place % (bytes.length + 1)), bytes.length])];
  at.sort((a, b) => a - b);
  return at.slice(1).map((end, i) => bytes.subarray(at[i], end));
}

describe('an event stream', () => {
  test('says the same to a client after it was split, however it came in pieces', () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat()), (text, places) => {
        const entries = split(cut(encoder.encode(text), places));
        // The reference gets whole text, line ends made the same, and no lone CR at its end.
        const plain = read(`\n${text.replace(/\r\n?/g, '\n')}`);
        const again = read(entries.map(({ lines }) => `${lines}\n`).join(''));
        expect(again.events.map(({ event, data }) => ({ event, data }))).toEqual(
          plain.events.map(({ event, data }) => ({ event, data })),
        );
        expect(new Set(again.retries)).toEqual(new Set(plain.retries));
      }),
      { numRuns: 500 },
    );
  });

  test('keeps the application’s id in force until another comes', () => {
    fc.assert(
      fc.property(stream, (text) => {
        const entries = split([text]).filter(({ lines }) => /^data:/m.test(lines));
        expect(entries.map(({ ownId }) => ownId)).toEqual(lastIds(text));
      }),
      { numRuns: 500 },
    );
  });

  test('comes at once with its blank line, also if that is a CR whose LF is still to come', () => {
    const splitter = new EventSplitter(100);
    expect(splitter.push('data: a\r\r')).toHaveLength(1);
    expect(splitter.push('data: b\r\n\r')).toHaveLength(1);
    expect(splitter.push('\ndata: c\n\n')).toMatchObject([{ lines: 'data: c\n' }]);
  });

  test('loses comments and what clients do not know, and keeps retry, id and bare names', () => {
    const entries = split([
      ': hello\n\n',
      'retry: 5\n\n',
      'id: 1\n\n',
      'event: ping\n\n',
      'foo: 1\n\n',
    ]);
    expect(entries).toEqual([
      { kind: 'event', lines: 'retry: 5\n', ownId: undefined },
      { kind: 'event', lines: '', ownId: '1' },
      { kind: 'event', lines: 'event: ping\n', ownId: '1' },
    ]);
  });

  test('loses an event that it does not finish, one byte order mark, and nothing of a second', () => {
    expect(split(['data: a\n\ndata: b\n'])).toHaveLength(1);
    expect(split([encoder.encode('\ufeffdata: a\n\n')])).toMatchObject([{ lines: 'data: a\n' }]);
    expect(split([encoder.encode('\ufeff\ufeffdata: a\n\n')])).toEqual([]);
  });

  test('keeps a retry at its very end, as every client does, but none whose line does not end', () => {
    expect(split(['data: a\n\nid: 7\ndata: b\nretry: 5\n'])).toEqual([
      { kind: 'event', lines: 'data: a\n', ownId: undefined },
      { kind: 'event', lines: 'retry: 5\n', ownId: undefined },
    ]);
    expect(split(['retry: 5\r'])).toHaveLength(1);
    expect(split(['retry: 5\nretry: 50'])).toMatchObject([{ lines: 'retry: 5\n' }]);
    expect(split(['retry: 5'])).toEqual([]);
  });

  test('has bounded events', () => {
    expect(() => split(['data: '.padEnd(200, 'x')], 100)).toThrow(/more than 100/);
    expect(() =>
      split(
        Array.from({ length: 30 }, () => 'data: x\n'),
        100,
      ),
    ).toThrow(/more than 100/);
    expect(() => split([`event: ${'x'.repeat(200)}\n`], 100)).toThrow(/more than 100/);
    expect(
      split(
        Array.from({ length: 100 }, () => 'data: x\n\n'),
        100,
      ),
    ).toHaveLength(100);
  });

  test('is framed with our id, and its head dispatches nothing', () => {
    const [entry] = split(['id: own\nevent: e\ndata: 1\ndata: 2\n\n']);
    expect(entry && frameEvent(entry, 'ho1.x')).toBe('id: ho1.x\nevent: e\ndata: 1\ndata: 2\n\n');
    expect(read(frameStart('ho1.x')).events).toEqual([]);
  });
});
