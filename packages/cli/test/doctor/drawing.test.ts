import { describe, expect, test } from 'vitest';
import { diagnose } from '../../src/doctor/diagnosis.js';
import { jsonReport } from '../../src/doctor/json-report.js';
import { duration } from '../../src/doctor/words.js';
import { drawn } from './support/look.js';
import { beat, data, every, held, seen } from './support/seen.js';

const refusedLate = held(8_000, every(8_000, 6), {
  endMs: 60_100,
  headers: [['Server', 'nginx/1.22.1']],
  ending: { how: 'cut', detail: 'the connection was closed before the body was complete' },
  body: {
    arrivals: [...every(8_000, 6).map((atMs) => beat(atMs)), data(60_000, 170)],
    lateHead: { status: 422, headers: [['retry-after', '5']] },
    lateHeadMs: 60_000,
  },
});

const chatty = diagnose(
  seen({
    headers: [['Content-Type', 'text/event-stream']],
    headMs: 10,
    endMs: 400_000,
    body: {
      format: 'sse',
      arrivals: every(10_000, 40).map((atMs, at) => (at % 2 === 0 ? beat(atMs) : data(atMs, 500))),
    },
  }),
);

describe('the drawing', () => {
  test('is in the order of time, and what repeats is one row', () => {
    expect(drawn(refusedLate).split('\n\n').slice(0, 3).join('\n\n')).toBe(
      `
POST https://api.example.com/reports
HTTP/1.1, 203.0.113.7, behind nginx

      0 ms  → request sent (before: DNS 1 ms, TCP 1 ms, TLSv1.3 1 ms)
            ┊ 8.0 s of silence
     8.0 s  ← 200, application/json, held: a beat every 8.0 s
     8.0 s  • 6 beats, one by one, every 8.0 s
            ┊ 12.0 s of silence
    60.0 s  ◆ late head: 422, retry-after: 5
    60.0 s  █ data: 170 bytes
    60.1 s  ✗ cut: the connection was closed before the body was complete

  ╌╌╌╌╌╌╌╌╌╌•─────────•─────────•─────────•─────────•─────────•──────────────█✗
  0 s                                30.1 s                              60.1 s
`.trim(),
    );
  });

  test('does not list a chatty stream to its end', () => {
    const text = drawn(chatty);
    expect(text).toContain('⋮ and so on:');
    expect(text.split('\n').length).toBeLessThan(60);
  });

  test.each([40, 80, 120])('fits into %i columns', (width) => {
    for (const diagnosis of [refusedLate, chatty]) {
      for (const line of drawn(diagnosis, width).split('\n')) {
        expect(line.length).toBeLessThanOrEqual(width);
      }
    }
  });

  test('breaks a word that is wider than the page', () => {
    const { observation } = refusedLate.facts;
    const url = `https://api.example.com/${'x'.repeat(500)}`;
    const lines = drawn(diagnose({ ...observation, url })).split('\n');
    expect(lines.filter((line) => line.includes('xxx')).join('')).toContain('x'.repeat(500));
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  });
});

test('as JSON everything is there, in milliseconds', () => {
  expect(JSON.parse(jsonReport(refusedLate))).toMatchObject({
    method: 'POST',
    kind: { name: 'held', intervalMs: 8_000 },
    verdict: { isWell: true },
    hops: ['nginx'],
    head: { status: 200, httpVersion: '1.1', atMs: 8_000 },
    beats: { announcedMs: 8_000, arrival: 'one-by-one', count: 6, gapMs: { median: 8_000 } },
    silences: { longest: { ms: 12_000, where: 'open' } },
    body: { lateHead: { status: 422 } },
    ending: { how: 'cut' },
    advice: { intervalMs: 8_000 },
    timeOuts: { tooShort: [{ name: 'httpx', ms: 5_000 }] },
  });
});

test.each([
  [0.42, '0.4 ms'],
  [8, '8 ms'],
  [999.4, '999 ms'],
  [60_040, '60.0 s'],
  [180_000, '3 min'],
  [125_300, '2 min 5 s'],
  [3_900_000, '1 h 5 min'],
])('%d ms is said as %s', (ms, text) => {
  expect(duration(ms)).toBe(text);
});
