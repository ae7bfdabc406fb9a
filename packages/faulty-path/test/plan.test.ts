import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createFaultyPath, type FaultSpec } from '../src/index.js';
import { drawPlan } from '../src/plan.js';
import { createDraw } from '../src/random.js';
import { dial, openPath, silentServer } from './support/ends.js';

const server = silentServer();

const CHANCES: readonly FaultSpec[] = [
  { type: 'cut', atByte: [1, 100_000], how: 'fin', chance: 0.5 },
  { type: 'latency', delayMs: [0, 500], jitterMs: [0, 20] },
  { type: 'black-hole', chance: 0.2 },
];
const plansOf = (seed: number, specs = CHANCES) =>
  Array.from({ length: 50 }, (_, i) => drawPlan(specs, createDraw(seed, i + 1)));

describe('a seed', () => {
  test('gives the same plans twice, and another seed gives others', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), (seed, other) => {
        expect(plansOf(seed)).toEqual(plansOf(seed));
        fc.pre((seed | 0) !== (other | 0));
        expect(plansOf(seed)).not.toEqual(plansOf(other));
      }),
    );
  });

  test('of a path repeats on another path, connection by connection', async () => {
    const plans = [];
    let seed: number | undefined;
    for (let round = 0; round < 2; round++) {
      const path = await openPath({
        target: server.port,
        faults: CHANCES,
        ...(seed === undefined ? {} : { seed }),
      });
      for (let i = 0; i < 10; i++) dial(path);
      await path.waitFor(({ connections }) => connections.length === 10);
      plans.push(path.connections.map(({ plan }) => plan));
      expect(path.report()).toContain(`seed ${path.seed}`);
      seed = path.seed;
      await path.close();
    }
    expect(plans[0]).toEqual(plans[1]);
  });

  test('draws every value of a range, its ends too, and keeps to chances', () => {
    const specs: FaultSpec[] = [{ type: 'cut', atByte: [3, 5], chance: 0.5 }];
    const drawn = Array.from({ length: 400 }, (_, i) => drawPlan(specs, createDraw(1, i))).flat();
    const values = drawn.flatMap((fault) => (fault.type === 'cut' ? [fault.atByte] : []));
    expect(new Set(values)).toEqual(new Set([3, 4, 5]));
    expect(drawn.length).toBeGreaterThan(130);
    expect(drawn.length).toBeLessThan(270);
  });

  test('a fault keeps its values when the chance of the one before it changes', () => {
    const latencyOf = (chance: number) =>
      plansOf(3, [
        { type: 'cut', atByte: [1, 9], chance },
        { type: 'latency', delayMs: [1, 999] },
      ])
        .flat()
        .filter(({ type }) => type === 'latency');
    expect(latencyOf(0)).toEqual(latencyOf(1));
  });
});

test('a function of the number of the connection plans each', async () => {
  const path = await openPath({
    target: server.port,
    faults: (number, draw) =>
      number === 1 ? [] : [{ type: 'cut', atByte: draw.oneOf([10, 20]), of: 'request' }],
  });
  dial(path);
  await path.waitFor(({ connections }) => connections.length === 1);
  dial(path);
  await path.waitFor(({ connections }) => connections.length === 2);
  expect(path.connections[0]?.plan).toEqual([]);
  expect(path.connections[1]?.plan).toEqual([
    {
      type: 'cut',
      atByte: expect.toBeOneOf([10, 20]),
      of: 'request',
      from: 'connection',
      how: 'rst',
    },
  ]);
});

describe('what cannot be had is refused, with the cure', () => {
  const wrong: [string, unknown, RegExp][] = [
    ['an unknown type', { type: 'idle' }, /no fault "idle": give one of idle-kill, total-kill/],
    ['an unknown field', { type: 'silence', how: 'rst' }, /silence has no how: it has chance/],
    ['a missing field', { type: 'cut' }, /atByte of cut is undefined: give bytes/],
    ['an unknown word', { type: 'refuse', how: 'black-hole' }, /give rst or fin/],
    ['a chance above 1', { type: 'silence', chance: 50 }, /from 0, never, to 1, always/],
    ['a range upside down', { type: 'cut', atByte: [5, 1] }, /atByte of cut is \[5,1\]/],
    ['a range of three', { type: 'cut', atByte: [1, 2, 3] }, /a range \[from, to\]/],
    ['a fraction in a range', { type: 'cut', atByte: [0.5, 2] }, /whole numbers/],
    ['a name in place of a fault', 'silence', /give an object such as/],
    ...[0, -1, Number.NaN, 2 ** 31, '5'].map((afterMs): [string, unknown, RegExp] => [
      `an idle time of ${JSON.stringify(afterMs)}`,
      { type: 'idle-kill', afterMs },
      /afterMs of idle-kill is .* milliseconds from 1 .* Infinity/,
    ]),
  ];
  test.each(wrong)('%s', async (_name, fault, message) => {
    // What JavaScript and JSON can give.
    const faults = [fault] as FaultSpec[];
    await expect(createFaultyPath({ target: 1, faults })).rejects.toThrow(message);
  });

  test.each([0, 70_000, 'nowhere', 'http://', 'host:'])('the target %s', async (target) => {
    await expect(createFaultyPath({ target })).rejects.toThrow(/the target is .*: give a port/);
  });

  test.each([0.5, Number.NaN, 2 ** 40])('the seed %s', async (seed) => {
    await expect(createFaultyPath({ target: 1, seed })).rejects.toThrow(/seed is .*32 bits/);
  });
});
