/** `docs/wire-vectors.json` against the implementation, in both directions. */
import { readFileSync } from 'node:fs';
import {
  type HeaderPair,
  type LateFailure,
  MAX_LATE_HEAD_BYTES,
  type Place,
  type ProblemCode,
  parseLateHead,
  resolveOptions,
} from '@holdopen/core';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { describe, expect, test } from 'vitest';
import { startsJson } from '../src/late/answer.js';
import { fitLateHeaders, lateHead, lateHeadComment } from '../src/late/head.js';
import { errorObject } from '../src/late/outcome.js';
import { parseDictionary } from './structured-fields.js';
import { decode, parses } from './support.js';

interface Vectors {
  lateHeads: { about: string; status: number; headers: HeaderPair[]; text: string; wire: string }[];
  noLateHeads: { about: string; whitespace: string }[];
  sseComments: {
    about: string;
    status: number;
    headers: HeaderPair[];
    members: HeaderPair[];
    wire: string;
  }[];
  sseIntervals: { intervalMs: number; wire: string }[];
  cutBodies: {
    about: string;
    outcome: { status: number; code: ProblemCode; headers: HeaderPair[] };
    own: string | null;
    wire: string;
    completed: unknown;
  }[];
  endings: {
    about: string;
    format: 'json' | 'sse' | 'ndjson' | 'json-seq';
    place: Place;
    failure: LateFailure;
    text: string;
    cut: boolean;
  }[];
  switchedBodies: { about: string; body: string; isEventStream: boolean }[];
}

const read = (name: string): string =>
  readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8');
const vectors = JSON.parse(read('wire-vectors.json')) as Vectors;
const { formats } = resolveOptions();

const leadingSpace = (text: string): string => /^[ \t\r\n]*/.exec(text)?.[0] ?? '';

/** As docs/wire.md says it: SP is 0, TAB is 1, the most significant bit first. */
function bitsToText(wire: string): string {
  const groups = wire.slice(1, -1).match(/.{8}/g) ?? [];
  const bytes = groups.map((group) =>
    Number.parseInt(group.replaceAll(' ', '0').replaceAll('\t', '1'), 2),
  );
  return decode(Uint8Array.from(bytes));
}

describe('a late head', () => {
  test.each(vectors.lateHeads)(
    'of $about is written and read as docs/wire-vectors.json says',
    (v) => {
      expect(lateHead(v.status, v.headers)).toBe(v.wire);
      expect(parseLateHead(v.wire)).toEqual({ status: v.status, headers: v.headers });
      expect(parseLateHead(`\n\n   \n${v.wire}`)).toEqual({ status: v.status, headers: v.headers });
      expect(bitsToText(v.wire)).toBe(v.text);
      expect(Buffer.byteLength(v.text)).toBeLessThanOrEqual(MAX_LATE_HEAD_BYTES);
      expect(fitLateHeaders(v.headers).dropped).toEqual([]);
      expect(JSON.parse(`${v.wire}{}`)).toEqual({});
    },
  );

  test.each(vectors.noLateHeads)('is not read out of $about', ({ whitespace }) => {
    expect(parseLateHead(whitespace)).toBe(undefined);
  });

  test('is the one in the worked example of docs/wire.md', () => {
    const bits = /^CR ((?:[01]{8} ?)+)CR$/m.exec(read('wire.md'))?.[1] ?? '';
    const spaces = bits.replaceAll(' ', '').replaceAll('0', ' ').replaceAll('1', '\t');
    expect(parseLateHead(`\r${spaces}\r`)).toEqual({ status: 422, headers: [] });
  });
});

describe('a late head as a comment', () => {
  test.each(vectors.sseComments)('of $about is written and read as a dictionary', (v) => {
    expect(lateHeadComment(v.status, v.headers)).toBe(v.wire);
    if (v.wire === '') return;
    const [, text = ''] = /^: holdopen (.+)\n\n$/.exec(v.wire) ?? [];
    const { status = 200, ...rest } = Object.fromEntries(parseDictionary(text));
    expect([status, Object.entries(rest)]).toEqual([v.status, v.members]);
  });

  test.each(vectors.sseIntervals)('announces $intervalMs ms', ({ intervalMs, wire }) => {
    expect(decode(formats.sse.announcement(intervalMs))).toBe(wire);
    const [, text = ''] = /^: holdopen (.+)\n\n$/.exec(wire) ?? [];
    expect(parseDictionary(text)).toEqual(new Map([['interval', intervalMs]]));
  });
});

describe('a cut JSON body', () => {
  test.each(vectors.cutBodies)('of $about is written so, and read with one brace more', (v) => {
    const json = errorObject({ ok: false, ...v.outcome }, v.own ?? undefined);
    const { status, headers } = v.outcome;
    const failure: LateFailure = { status, headers, json, kind: 'cut', begun: false };
    const ending = formats.json.lateFailure?.(failure, 'boundary');
    expect(ending).toEqual({ text: v.wire, cut: true });
    expect(parseLateHead(leadingSpace(v.wire))).toEqual({ status, headers });
    expect(JSON.parse(`${v.wire}}`)).toEqual(v.completed);
    for (let length = 0; length <= v.wire.length; length++) {
      expect(parses(v.wire.slice(0, length))).toBe(false);
    }
  });
});

describe('the ending of a failed body', () => {
  test.each(vectors.endings)('in $format: $about', ({ format, place, failure, text, cut }) => {
    const ending = formats[format].lateFailure?.(failure, place) ?? { text: '', cut: true };
    expect(ending).toEqual({ text, cut });
  });

  const told = vectors.endings.filter(({ text }) => text !== '');

  test.each(told.filter(({ format }) => format === 'sse'))(
    'in sse is read as one event: $about',
    ({ failure, text }) => {
      const events: EventSourceMessage[] = [];
      const comments: string[] = [];
      const retries: number[] = [];
      createParser({
        onEvent: (event) => events.push(event),
        onComment: (comment) => comments.push(comment),
        onRetry: (retry) => retries.push(retry),
      }).feed(text);
      expect(events.map(({ event }) => event)).toEqual([
        failure.kind === 'value' ? undefined : 'error',
      ]);
      expect(JSON.parse(events[0]?.data ?? '')).toEqual(JSON.parse(failure.json));
      expect(retries).toEqual(failure.kind === 'value' ? [] : [86_400_000]);
      const dictionary = comments[0]?.replace(/^holdopen /, '') ?? '';
      expect(parseDictionary(dictionary).get('status')).toBe(failure.status);
    },
  );

  test.each(told.filter(({ format }) => format === 'ndjson' || format === 'json-seq'))(
    'in $format is read as one record: $about',
    ({ failure, format, text }) => {
      expect(text.startsWith('\u001e')).toBe(format === 'json-seq');
      expect(text.indexOf('\n')).toBe(text.length - 1);
      const record: unknown = JSON.parse(text.replace('\u001e', ''));
      const error: unknown = JSON.parse(failure.json);
      expect(record).toEqual(failure.kind === 'value' ? error : { error });
    },
  );
});

describe('an event stream behind a JSON head', () => {
  test.each(vectors.switchedBodies)('is told by its first character: $about', (v) => {
    const first = v.body.slice(leadingSpace(v.body).length).charCodeAt(0);
    expect(!Number.isNaN(first) && !startsJson(first)).toBe(v.isEventStream);
    expect(parses(v.body) && v.isEventStream).toBe(false);
  });
});
