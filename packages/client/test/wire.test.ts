/** `docs/wire-vectors.json` as a client reads it. */
import { readFileSync } from 'node:fs';
import { parseLateHead as parseAtServer } from '@holdopen/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDictionary as parseStrictly } from '../../core/test/structured-fields.js';
import { readAnnouncement } from '../src/wire/announcement.js';
import { parseComment } from '../src/wire/comment.js';
import { parseDictionary } from '../src/wire/dictionary.js';
import { MAX_LATE_HEAD_LENGTH, parseLateHead } from '../src/wire/late-head.js';
import { completeCut, readProblem } from '../src/wire/problem.js';
import { vectors } from './support/vectors.js';

const commentIn = (wire: string): string => /^:(.*)/.exec(wire)?.[1] ?? '';
const leadingSpace = (text: string): string => /^[ \t\r\n]*/.exec(text)?.[0] ?? '';

describe('a late head', () => {
  test.each(vectors.lateHeads)('of $about is read', ({ wire, status, headers }) => {
    expect(parseLateHead(wire)).toEqual({ status, headers });
    expect(parseLateHead(`\n\n   \n${wire}`)).toEqual({ status, headers });
    expect(parseLateHead(`\r \t\r${wire}`)).toEqual({ status, headers });
    expect(wire.length).toBeLessThanOrEqual(MAX_LATE_HEAD_LENGTH);
  });

  test.each(vectors.noLateHeads)('is not read out of $about', ({ whitespace }) => {
    expect(parseLateHead(whitespace)).toBe(undefined);
  });

  test('is the one in the worked example of docs/wire.md', () => {
    const page = readFileSync(new URL('../../../docs/wire.md', import.meta.url), 'utf8');
    const bits = /^([.T]{24})$/m.exec(page)?.[1] ?? '';
    const spaces = bits.replaceAll('.', ' ').replaceAll('T', '\t');
    expect(parseLateHead(`\r${spaces}\r`)).toEqual({ status: 422, headers: [] });
  });
});

test('a client reads every white space as a server does', () => {
  const bits = fc.array(fc.stringMatching(/^[ \t]{8}$/), { maxLength: 40 });
  const space = fc.oneof(
    fc.stringMatching(/^[ \t\r\n]{0,40}$/),
    bits.map((bytes) => `\r${bytes.join('')}\r`),
    fc.string({ maxLength: 40, unit: 'binary' }).map((text) => {
      const bytes = [...new TextEncoder().encode(`422\n${text}`)];
      const all = bytes.map((byte) => byte.toString(2).padStart(8, '0')).join('');
      return `\r${all.replaceAll('0', ' ').replaceAll('1', '\t')}\r`;
    }),
  );
  fc.assert(
    fc.property(space, (whitespace) => {
      expect(parseLateHead(whitespace)).toEqual(parseAtServer(whitespace));
    }),
    { numRuns: 1_000 },
  );
});

describe('a late head as a comment', () => {
  const told = vectors.sseComments.filter(({ wire }) => wire !== '');

  test.each(told)('of $about is read', ({ wire, status, members }) => {
    expect(parseComment(commentIn(wire))).toEqual({
      intervalMs: undefined,
      lateHead: { status, headers: members },
    });
  });

  test.each(vectors.sseIntervals)('is none if it says $intervalMs ms', ({ wire, intervalMs }) => {
    expect(parseComment(commentIn(wire))).toEqual({ intervalMs, lateHead: undefined });
  });

  test.each(['', ' keepalive', ' holdopen', ' holdopen: 5', ' holdopen x="', ' holdopenstatus=4'])(
    'is not read out of ":%s"',
    (text) => {
      expect(parseComment(text)).toBe(undefined);
    },
  );
});

describe('a cut JSON body', () => {
  test.each(vectors.cutBodies)('of $about is whole with one brace more', ({ wire, ...v }) => {
    const space = leadingSpace(wire);
    expect(parseLateHead(space)?.status).toBe(v.outcome.status);
    const text = completeCut(wire.slice(space.length)) ?? '';
    expect(JSON.parse(text)).toEqual(v.completed);
    // Whole already: `body`, or a hop that lost nothing.
    expect(completeCut(text)).toBe(text);
    expect(readProblem(text)?.body).toEqual(v.completed);
  });

  test('that was cut anywhere else is not made whole', () => {
    const [{ wire } = { wire: '' }] = vectors.cutBodies;
    const object = wire.slice(leadingSpace(wire).length);
    for (let length = 0; length < object.length; length += 1) {
      const completed = completeCut(object.slice(0, length));
      // Whole members may be missing, which the late head's status does not depend on.
      if (completed !== undefined) expect(/[0-9"{]$/.test(object.slice(0, length))).toBe(true);
    }
    expect(completeCut('')).toBe(undefined);
    expect(completeCut('{"a":')).toBe(undefined);
  });
});

describe('a problem object', () => {
  test('has its status wherever it stands', () => {
    const late = readProblem(
      '{"completion_status":504,"code":"silence","title":"Gateway Timeout"}',
    );
    expect([late?.status, late?.code, late?.title]).toEqual([504, 'silence', 'Gateway Timeout']);
    expect(readProblem('{"status":410,"code":"cancelled"}')?.status).toBe(410);
  });

  test.each(['', '[]', 'null', '"text"', '{'])('is not read out of %j', (text) => {
    expect(readProblem(text)).toBe(undefined);
  });

  test('of somebody else may hold anything', () => {
    expect(readProblem('{"status":"bad","code":7}')).toEqual({
      status: undefined,
      title: undefined,
      code: undefined,
      detail: undefined,
      body: { status: 'bad', code: 7 },
    });
  });
});

describe('the header HoldOpen', () => {
  const read = (text: string) => readAnnouncement(new Headers({ HoldOpen: text }));

  test('says interval and format', () => {
    expect(read('interval=8000, format=json')).toEqual({ intervalMs: 8_000, format: 'json' });
  });

  test('may have keys and parameters of a later version', () => {
    const text = 'a, b=?0;x="1,2", c=(1 "z" ), d=:YQ==:;y, interval=5000;z, e=%"x%2c", format=sse';
    expect(read(text)).toEqual({ intervalMs: 5_000, format: 'sse' });
  });

  test.each(['interval=', 'interval=8000,', '8000', 'Interval=5', 'interval=5 format=json'])(
    'is as if it were not there if it is no dictionary: %s',
    (text) => {
      expect(read(text)).toBe(undefined);
    },
  );

  test('counts without an interval that makes sense', () => {
    expect(read('interval=0')).toEqual({ intervalMs: undefined, format: undefined });
    expect(read('interval=soon')).toEqual({ intervalMs: undefined, format: undefined });
  });

  test('is missing on a response that is not held', () => {
    expect(readAnnouncement(new Headers())).toBe(undefined);
  });
});

test('what a strict parser of RFC 9651 takes is read in the same way', () => {
  const key = fc.stringMatching(/^[a-z*][a-z0-9_\-.*]{0,8}$/);
  const value = fc.oneof(
    fc.integer({ min: -1e9, max: 1e9 }).map(String),
    fc.stringMatching(/^[A-Za-z*][A-Za-z0-9:/!#$%&'*+\-.^_`|~]{0,8}$/),
    fc.stringMatching(/^[ -~]{0,12}$/).map((text) => `"${text.replace(/["\\]/g, '\\$&')}"`),
  );
  const member = fc.tuple(key, value).map((pair) => pair.join('='));
  fc.assert(
    fc.property(fc.array(member, { minLength: 1, maxLength: 5 }), (members) => {
      const text = members.join(', ');
      expect(new Map([...(parseDictionary(text) ?? [])].sort())).toEqual(
        new Map([...parseStrictly(text)].sort()),
      );
    }),
  );
});
