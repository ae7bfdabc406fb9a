import { gzipSync } from 'node:zlib';
import {
  CLASS_WORDS,
  classify,
  INCIDENT_CLASSES,
  type Incident,
  type IncidentFacts,
  newCounts,
  readIncidents,
  Survey,
  Tally,
} from '@holdopen/observe';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

let number = 0;

function incident(facts: Partial<IncidentFacts>, time = '2026-11-21T19:00:00.000Z'): Incident {
  number += 1;
  return {
    v: 1,
    kind: 'incident',
    id: `0123456789ab-${number}`,
    time,
    instance: '0123456789ab',
    subject: 'hold',
    outcome: 'failed',
    ...facts,
  };
}

/** Each a minute after the one before. */
function cut(idleMs: number, heldMs: number, facts: Partial<IncidentFacts> = {}): Incident {
  const connection = { outcome: 'disconnected', connectionEnd: 'reset', beats: 1 } as const;
  const time = new Date(Date.parse('2026-11-21T00:00:00Z') + number * 60_000).toISOString();
  return incident({ ...connection, intervalMs: 8_000, idleMs, heldMs, ...facts }, time);
}

function classesOf(incidents: readonly Incident[]): string[] {
  const survey = new Survey();
  for (const one of incidents) survey.incident(one);
  const findings = survey.findings();
  return incidents.map((one) => classify(one, findings).class);
}

/** The same numbers each time. */
function* chance(seed: number): Generator<number> {
  let state = seed;
  for (;;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state / 2 ** 32;
  }
}

describe('time-outs', () => {
  const random = chance(7);
  const next = () => random.next().value as number;

  test('stand out of cuts that come at any time', () => {
    const timed = Array.from({ length: 60 }, () => cut(5_000 + 60 * next(), 600_000 * next()));
    const others = Array.from({ length: 300 }, () => cut(8_000 * next(), 600_000 * next()));
    const classes = classesOf([...timed, ...others]);
    expect(classes.slice(0, 60)).toEqual(Array(60).fill('idle-timeout'));
    expect(classes.slice(60).filter((name) => name === 'idle-timeout').length).toBeLessThan(30);
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8])('are not seen where cuts come at any time (%i)', (seed) => {
    const any = chance(seed);
    const draw = () => any.next().value as number;
    const cuts = Array.from({ length: 2_000 }, () => cut(8_000 * draw(), 3_600_000 * draw()));
    expect(new Set(classesOf(cuts))).toEqual(new Set(['reset']));
  });

  test('are not seen in a few cuts', () => {
    expect(new Set(classesOf(Array.from({ length: 4 }, () => cut(5_000, 20_000))))).toEqual(
      new Set(['reset']),
    );
  });

  test('are total where longer silences had passed before', () => {
    const cuts = Array.from({ length: 30 }, () => cut(5_000, 29_000, { beats: 3 }));
    expect(new Set(classesOf(cuts))).toEqual(new Set(['total-timeout']));
  });

  test.each([
    [29_000, 3, 5_000],
    // The last beat is nearly as old as an interval, and is so each time.
    [62_500, 7, 6_500],
    [10_000, 1, 2_000],
  ])('are total at %i ms, for as long a silence was survived before', (heldMs, beats, idleMs) => {
    const cuts = Array.from({ length: 30 }, () => cut(idleMs, heldMs, { beats }));
    expect(new Set(classesOf(cuts))).toEqual(new Set(['total-timeout']));
  });

  test('that could be of either kind are not sure', () => {
    const cuts = Array.from({ length: 30 }, () => cut(5_000, 7_000));
    const survey = new Survey();
    for (const one of cuts) survey.incident(one);
    expect(classify(cuts[0] as Incident, survey.findings())).toEqual({
      class: 'idle-timeout',
      confidence: 'medium',
      because: '30 cuts 5 s after the last byte, which is 7 s after the beginning, too',
    });
  });

  test('are none of what a restart has cut in one moment', () => {
    const time = '2026-11-21T19:00:00.000Z';
    const batch = Array.from({ length: 50 }, () => ({ ...cut(5_200, 37_200, { beats: 4 }), time }));
    const inStep = Array.from({ length: 50 }, () => ({ ...cut(6_200, 1e6 * next()), time }));
    expect(new Set(classesOf(batch))).toEqual(new Set(['reset']));
    expect(new Set(classesOf(inStep))).toEqual(new Set(['reset']));
  });

  test('are found apart when there are two', () => {
    const cuts = Array.from({ length: 100 }, (_, i) =>
      cut((i % 2 === 0 ? 3_000 : 6_000) + 40 * next(), 100_000 * next()),
    );
    const survey = new Survey();
    for (const one of cuts) survey.incident(one);
    const idle = survey.findings().timeOuts.filter(({ kind }) => kind === 'idle');
    expect(idle.map(({ aboutMs }) => aboutMs).sort()).toEqual([3_000, 6_000]);
  });

  test('are surer the more cuts there are', () => {
    const sure = (many: number): string => {
      const survey = new Survey();
      const cuts = Array.from({ length: many }, () => cut(5_000, 600_000 * next()));
      for (const one of cuts) survey.incident(one);
      return classify(cuts[0] as Incident, survey.findings()).confidence;
    };
    expect([5, 8, 20].map(sure)).toEqual(['low', 'medium', 'high']);
  });

  test('are none of cuts that this side made, and of answers that failed', () => {
    const local = Array.from({ length: 30 }, () => cut(5_000, 9_000, { connectionEnd: 'local' }));
    const failed = Array.from({ length: 30 }, () =>
      cut(5_000, 9_000, { outcome: 'failed', status: 500 }),
    );
    expect(new Set(classesOf([...local, ...failed]))).toEqual(new Set(['handler-error']));
  });
});

describe('the class of one incident', () => {
  test.each<[Partial<IncidentFacts>, string]>([
    [{ outcome: 'disconnected', connectionEnd: 'fin', bytes: 0 }, 'client-closed medium'],
    [{ outcome: 'disconnected', connectionEnd: 'cancel', bytes: 0 }, 'client-closed high'],
    [{ outcome: 'disconnected', bytes: 0 }, 'client-closed medium'],
    [{ outcome: 'disconnected', connectionEnd: 'fin', bytes: 1 }, 'closed-mid-stream high'],
    [{ outcome: 'disconnected', connectionEnd: 'reset', bytes: 1 }, 'reset high'],
    [{ outcome: 'disconnected', connectionEnd: 'timeout' }, 'reset medium'],
    [{ outcome: 'disconnected', connectionEnd: 'local' }, 'handler-error low'],
    [{ status: 504, code: 'silence' }, 'handler-silent high'],
    [{ status: 504, code: 'error_status' }, 'upstream-error high'],
    [{ status: 500, code: 'handler_error' }, 'handler-error high'],
    [
      {
        status: 500,
        cause: { name: 'TypeError', cause: { name: 'Error', code: 'UND_ERR_SOCKET' } },
      },
      'upstream-error high',
    ],
    [{ status: 429, code: 'error_status' }, 'rate-limited high'],
    [{ status: 529, code: 'handler_error' }, 'overloaded high'],
    [{ status: 503, code: 'drained' }, 'drain high'],
    [{ status: 401, code: 'error_status' }, 'auth-expired high'],
    [{ status: 403, code: 'error_status' }, 'auth-expired low'],
    [{ status: 404, code: 'error_status' }, 'refused high'],
    [{ status: 302, code: 'late_redirect' }, 'handler-error medium'],
    [{ outcome: 'died', subject: 'process', exitCode: 1 }, 'process-died high'],
    [{ outcome: 'lost', subject: 'run' }, 'lost high'],
    [{ subject: 'call', code: 'HOLDOPEN_DNS' }, 'unreachable high'],
    [{ subject: 'call', code: 'HOLDOPEN_STALLED' }, 'stalled high'],
    [{ subject: 'call', outcome: 'disconnected', code: 'HOLDOPEN_RESET', bytes: 9 }, 'reset high'],
    [
      { subject: 'call', outcome: 'disconnected', code: 'HOLDOPEN_TRUNCATED', bytes: 9 },
      'closed-mid-stream high',
    ],
    [{ subject: 'call', status: 429, code: 'HOLDOPEN_RATE_LIMITED' }, 'rate-limited high'],
    [{ subject: 'call', code: 'HOLDOPEN_CANCELLED' }, 'cancelled high'],
    [{ subject: 'call' }, 'unknown low'],
  ])('with %j is %s', (facts, expected) => {
    const { class: name, confidence, because } = classify(incident(facts));
    expect(`${name} ${confidence}`).toBe(expected);
    expect(because).not.toBe('');
  });

  test('has words for a person, whichever it is', () => {
    expect(Object.keys(CLASS_WORDS)).toEqual([...INCIDENT_CLASSES]);
  });
});

async function read(...pieces: Uint8Array[]) {
  const incidents: Incident[] = [];
  const source = (async function* () {
    yield* pieces;
  })();
  const counts = newCounts();
  await readIncidents(source, { incident: (one) => incidents.push(one) }, counts);
  return { incidents, counts };
}

const line = (facts: object): string => `${JSON.stringify(facts)}\n`;

describe('reading', () => {
  test('counts what is broken and goes on', async () => {
    const good = incident({ status: 500 });
    const text = [
      line(good).slice(0, 40),
      '\n',
      '{"kind":"incident"}\n',
      '[]\nnull\n"x"\n\u0000\n',
      line({ ...good, id: 'x', status: 'no' }),
      line({ ...good, id: 'x', time: 'never' }),
      line({ ...good, id: 'x', route: { toString: 1 } }),
      '\r\n\n',
      line({ ...good, v: 2 }),
      line(good),
      line(good),
      line({ kind: 'alive', time: good.time }),
      'x'.repeat(1_000_000),
      '\n',
      line({ ...good, id: 'last' }).trim(),
    ].join('');
    const { incidents, counts } = await read(Buffer.from(text), Buffer.from([0xff, 0x0a]));
    expect(incidents.map(({ id }) => id)).toEqual([good.id]);
    expect(counts).toMatchObject({ incidents: 1, newer: 1, repeated: 1 });
    expect(counts.broken).toBe(11);
  });

  test('gives the same wherever the bytes are split, packed or not', async () => {
    const all = ['ä', '😀', 'x'].map((route) => incident({ route: `GET /${route}`, status: 500 }));
    const plain = Buffer.from(all.map(line).join(''));
    const packed = Buffer.concat([gzipSync(plain.subarray(0, 200)), gzipSync(plain.subarray(200))]);
    await fc.assert(
      fc.asyncProperty(
        fc.boolean(),
        fc.array(fc.nat(plain.length), { maxLength: 8 }),
        async (isPacked, at) => {
          const bytes = isPacked ? packed : plain;
          const cuts = [0, ...at.sort((a, b) => a - b), bytes.length];
          const pieces = cuts.slice(1).map((end, i) => bytes.subarray(cuts[i], end));
          expect((await read(...pieces)).incidents).toEqual(all);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('a packed file that ends early is told of, behind what could be read', async () => {
    const many = Array.from({ length: 5_000 }, (_, i) =>
      incident({ status: 500, route: `GET /${i}` }),
    );
    const packed = gzipSync(many.map(line).join(''));
    const incidents: Incident[] = [];
    const source = (async function* () {
      yield packed.subarray(0, packed.length / 2);
    })();
    const reading = readIncidents(source, { incident: (one) => incidents.push(one) });
    await expect(reading).rejects.toThrow('unexpected end of file');
    expect(incidents.length).toBeGreaterThan(1_000);
  });
});

test('a summary counts by class, route and hour, and keeps few routes', () => {
  const tally = new Tally();
  for (let i = 0; i < 3_000; i++) {
    const one = incident(
      { status: i % 3 === 0 ? 429 : 500, route: `GET /${i}` },
      `2026-11-2${i % 2}T0${i % 5}:00:00Z`,
    );
    tally.add(one, classify(one));
  }
  const { incidents, classes, routes, hours, first, last } = tally.summary([]);
  expect(incidents).toBe(3_000);
  expect(classes.map((one) => [one.class, one.count])).toEqual([
    ['handler-error', 2_000],
    ['rate-limited', 1_000],
  ]);
  expect(routes[0]).toMatchObject({ route: '(other routes)', count: 2_000 });
  expect(routes.length).toBe(1_001);
  expect(hours.length).toBe(10);
  expect(hours[0]).toMatchObject({ hour: '2026-11-20T00:00Z', count: 300 });
  expect([first, last]).toEqual(['2026-11-20T00:00:00.000Z', '2026-11-21T04:00:00.000Z']);
});
