import { describe, expect, test } from 'vitest';
import { type Diagnosis, diagnose } from '../../src/doctor/diagnosis.js';
import type { HeaderLine } from '../../src/doctor/exchange/plan.js';
import type { Observation } from '../../src/doctor/observation.js';
import { TIME_OUTS } from '../../src/doctor/time-outs.js';
import { codes, drawn, said } from './support/look.js';
import { beat, data, every, GOOD, held, seen } from './support/seen.js';

describe('who gave up', () => {
  test.each([
    [60_040, 504, [['Server', 'nginx/1.22.1']], '', /60\.0 s.*nginx: 60 s \(proxy_read_timeout\)/],
    [60_200, 504, [['Server', 'awselb/2.0']], '', /AWS ALB: 60 s \(idle_timeout/],
    [100_300, 524, [['CF-Ray', '8a']], '', /Cloudflare: 100 s/],
    [125_100, 524, [['CF-Ray', '8a']], '', /Cloudflare, reported 2026: 125 s/],
    [
      30_050,
      503,
      [
        ['Via', '1.1 vegur'],
        ['Server', 'Heroku'],
      ],
      '',
      /first byte: 30 s/,
    ],
    [
      60_010,
      503,
      [['X-Varnish', '1']],
      '<p>Guru Meditation:</p><p>Varnish cache server</p>',
      /Varnish: 60 s/,
    ],
    [
      45_000,
      504,
      [],
      "<h1>504 Gateway Time-out</h1>\nThe server didn't respond in time.",
      /HAProxy seems.*timeout server/,
    ],
    [
      90_000,
      504,
      [['Server', 'nginx']],
      '<center>nginx</center>',
      /nginx seems to have been given this time-out \(proxy_read_timeout\)/,
    ],
    [60_000, 504, [], '', /one of .*AWS ALB.*nginx/],
  ] satisfies [number, number, HeaderLine[], string, RegExp][])(
    'at %i ms with %i and %j',
    (headMs, status, headers, opening, who) => {
      const body = { opening, format: 'other', state: 'unknown' } as const;
      const diagnosis = diagnose(seen({ status, headMs, headers, body }));
      expect(said(diagnosis, 'hop-gave-up')).toMatch(who);
    },
  );

  test('a 503 that comes at any other time is the application’s', () => {
    const diagnosis = diagnose(
      seen({ status: 503, headMs: 3_000, headers: [['Server', 'Heroku']] }),
    );
    expect(codes(diagnosis)).toEqual(['error-status']);
  });

  test('a hop that answers 502 at once has not waited', () => {
    const diagnosis = diagnose(seen({ status: 502, headMs: 12, headers: [['Server', 'nginx']] }));
    expect(codes(diagnosis)).toEqual(['server-away']);
  });

  test('a connection that is closed after ten seconds of silence was Bun’s', () => {
    const failure = { kind: 'closed', code: 'ECONNRESET', message: 'socket hang up' } as const;
    const observation = seen({ endMs: 10_050 });
    const ending = { how: 'failed', failure } as const;
    const diagnosis = diagnose({ ...observation, head: undefined, ending });
    expect(said(diagnosis, 'closed')).toContain('Bun.serve (idleTimeout');
    expect(diagnosis.advice?.intervalMs).toBe(5_000);
  });
});

describe('the interval', () => {
  test('8 s outlives every idle time-out that is known, but that of httpx', () => {
    const { standing, verdict, advice } = held(8_000, every(8_000, 6));
    expect(standing.tooShort.map(({ name }) => name)).toEqual(['httpx']);
    expect(verdict).toEqual({
      isWell: true,
      sentence: 'Beats get through one by one, every 8.0 s, and the answer is whole.',
    });
    expect(advice?.intervalMs).toBe(8_000);
  });

  test('30 s is too long for some, who are named', () => {
    const diagnosis = held(30_000, every(30_000, 4));
    expect(codes(diagnosis)).toEqual(['interval-long']);
    expect(said(diagnosis, 'interval-long')).toMatch(
      /httpx \(5 s\).*Bun\.serve \(10 s\).*Gcore CDN \(30 s\)/,
    );
    expect(diagnosis.verdict.isWell).toBe(true);
  });

  test('90 s behind nginx is no keep-alive', () => {
    const diagnosis = held(90_000, every(90_000, 3), { headers: [['Server', 'nginx']] });
    expect(codes(diagnosis, 'problem')).toEqual(['interval-too-long']);
  });

  test('a time-out that the asker knows of decides', () => {
    const observation = seen({ headers: GOOD, headMs: 100 });
    const { advice } = diagnose(observation, { idleLimitsMs: [5_000] });
    expect(advice).toEqual({ intervalMs: 2_500, because: 'half of the 5 s that you named' });
  });
});

describe('a time-out that no interval is shorter than', () => {
  test('is said, and no interval is promised to be half of it', () => {
    const observation = seen({ headers: GOOD, headMs: 100 });
    const { advice } = diagnose(observation, { idleLimitsMs: [40] });
    expect(advice?.intervalMs).toBe(50);
    expect(advice?.because).toContain('too long for the 40 ms that you named');
  });

  test('is told from one that is only shorter than two', () => {
    const observation = seen({ headers: GOOD, headMs: 100 });
    const { advice } = diagnose(observation, { idleLimitsMs: [80] });
    expect(advice?.because).toBe(
      'the shortest that there is; it is below the 80 ms that you named',
    );
  });
});

describe('beats', () => {
  test('a frame of two comments each time is no burst', () => {
    const twice = every(8_000, 4);
    const arrivals = twice.map((atMs) => beat(atMs, 2));
    expect(held(8_000, twice, { body: { arrivals } }).facts.rhythm.arrival).toBe('one-by-one');
  });

  test('a few that came together, but at once, do no harm; many do', () => {
    const together = (intervalMs: number, count: number): Diagnosis => {
      const arrivals = every(intervalMs * count, 4).map((atMs) => beat(atMs, count));
      return held(intervalMs, every(intervalMs * count, 4), { body: { arrivals } });
    };
    expect(codes(together(150, 2))).toEqual(['beats-delayed']);
    expect(codes(together(150, 5), 'problem')).toEqual(['beats-gathered']);
    expect(codes(together(8_000, 2), 'problem')).toEqual(['beats-gathered']);
  });

  test('days of beats are judged in no time', () => {
    const days = every(8_000, 50_000);
    const diagnosis = held(8_000, days);
    expect(diagnosis.facts.rhythm).toMatchObject({ beats: 50_000, arrival: 'one-by-one' });
    expect(drawn(diagnosis)).toContain('50000 beats, one by one, every 8.0 s');
  });

  test('minutes without one are missed, wherever they are', () => {
    const beats = [8_000, 16_000, 76_000, 84_000];
    expect(said(held(8_000, beats), 'beats-missing')).toContain('for 60.0 s none came');
  });

  test('a head that comes late is told', () => {
    expect(codes(held(8_000, [60_000, 68_000, 76_000]))).toEqual(['head-late']);
  });

  test('silence inside of a string is no fault of the beats', () => {
    const arrivals = [beat(8_000), data(9_000), data(60_000)];
    expect(codes(held(8_000, [8_000], { endMs: 60_000, body: { arrivals } }))).toEqual([
      'too-few-beats',
    ]);
  });
});

describe('streams of others', () => {
  const beatsOf = (intervalMs: number): Observation => {
    const arrivals = every(intervalMs, 5).map((atMs) => beat(atMs));
    const body = { arrivals, format: 'sse' } as const;
    return seen({ headMs: 10, endMs: intervalMs * 5, headers: GOOD, body });
  };

  test('beats of their own are as good as ours, but maybe too rare', () => {
    expect(codes(diagnose(beatsOf(8_000)), 'problem')).toEqual([]);
    expect(codes(diagnose(beatsOf(15_000)), 'warning')).toEqual(['interval-long']);
  });
});

describe('the head', () => {
  test('a hop that speaks HTTP/1.0 is told', () => {
    const headers: HeaderLine[] = [['Via', '1.1 edge, 1.0 old-proxy']];
    expect(codes(held(8_000, every(8_000, 3), { headers }))).toEqual(['old-hop']);
  });

  test.each([
    ['content-length', [['Content-Length', '120']]],
    ['cached', [['Age', '12']]],
    ['cached', [['X-Cache', 'HIT']]],
    ['compressed', [['Content-Encoding', 'br']]],
  ] satisfies [string, HeaderLine[]][])('%s: %j', (code, headers) => {
    expect(codes(held(8_000, every(8_000, 3), { headers }))).toContain(code);
  });
});

describe('the data file', () => {
  test('has the figures that everybody meets, each with its source or none', () => {
    const of = (name: string) => TIME_OUTS.find((timeOut) => timeOut.name === name);
    expect(of('nginx')).toMatchObject({ ms: 60_000, kind: 'idle', setting: 'proxy_read_timeout' });
    expect(of('AWS API Gateway, buffered')).toMatchObject({ ms: 29_000, kind: 'total' });
    expect(of('Bun.serve')).toMatchObject({ ms: 10_000, kind: 'idle' });
    for (const { source } of TIME_OUTS) expect(source ?? 'https://').toMatch(/^https:\/\//);
  });
});
