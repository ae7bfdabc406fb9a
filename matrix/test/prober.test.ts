import { createFaultyPath, type FaultSpec } from '@holdopen/faulty-path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ProbedFront } from '../src/probe/front.js';
import { type ProbeCells, probe } from '../src/probe/questions.js';
import { HIDES_CUTS, WAITS, weigh } from '../src/probe/weigh.js';
import { nodeApp } from '../src/server/apps/node.js';
import { type Backend, startBackend } from '../src/server/backend.js';
import { plain } from '../src/table.js';

const TIMING = { workMs: 2_000, leavesAfterMs: 800 };
const PATHS = {
  good: [],
  /** Shorter than the work, longer than the interval. */
  impatient: [{ type: 'idle-kill', afterMs: 1_200 }],
  /** Shorter than the interval: no beat can help. */
  deadly: [{ type: 'idle-kill', afterMs: 250 }],
  gathering: [{ type: 'buffer' }],
  lying: [{ type: 'lying-end' }],
} satisfies Record<string, FaultSpec[]>;

let server: Backend;
const seen = new Map<string, ProbeCells>();
const closing: (() => Promise<void>)[] = [];

beforeAll(async () => {
  server = await startBackend(nodeApp);
  await Promise.all(
    Object.entries(PATHS).map(async ([name, faults]) => {
      const path = await createFaultyPath({ target: server.port, faults });
      closing.push(() => path.close());
      seen.set(name, await probe(frontAt(path.port), TIMING));
    }),
  );
}, 60_000);

afterAll(async () => {
  await Promise.all(closing.map((close) => close()));
  await server.close();
});

function frontAt(port: number): ProbedFront {
  return { origin: `http://127.0.0.1:${port}`, seen: server.seen };
}

function cells(path: keyof typeof PATHS): ProbeCells {
  const found = seen.get(path);
  if (found === undefined) throw new Error(`${path} was not asked`);
  return found;
}

describe('the prober', () => {
  test('finds nothing wrong where nothing is in between', () => {
    const { silent, ...others } = cells('good');
    expect(silent.text).toBe('waits');
    for (const cell of Object.values(others)) expect(cell).not.toMatchObject({ verdict: 'bad' });
    expect(others.jsonBeats.text).toMatch(/one by one/);
    expect(others.cut.text).toBe('cut: no last chunk');
    expect(others.leaves.text).toMatch(/noticed after 0\.\d s/);
  });

  test('tells a hop that kills what is silent from one that does not', () => {
    expect(cells('impatient').silent.text).toMatch(/^reset after 1\.\d s$/);
    expect(cells('impatient').json).toEqual({ verdict: 'good', text: 'lives (HTTP/1.1)' });
    expect(cells('impatient').events.verdict).toBe('good');
  });

  test('says that a held answer died where one did', () => {
    expect(cells('deadly').json).toEqual({ verdict: 'bad', text: 'reset' });
    expect(cells('deadly').events).toEqual({ verdict: 'bad', text: 'reset' });
    expect(cells('deadly').header.verdict).toBe('bad');
  });

  test('sees that beats were gathered', () => {
    expect(cells('gathering').jsonBeats.text).toBe('gathered until the end');
    expect(cells('gathering').eventBeats.text).toBe('gathered until the end');
    expect(cells('gathering').json.verdict).toBe('good');
  });

  test('sees that a cut was made a clean end, and that no parser takes it for an answer', () => {
    expect(cells('lying').cut).toMatchObject({ verdict: 'bad', text: 'clean end' });
    expect(weigh(cells('lying'), { ...WAITS, ...HIDES_CUTS }).cut).toEqual(plain('clean end'));
    expect(cells('lying').cutFetch.text).toMatch(/SyntaxError/);
    expect(cells('lying').eventsCutFetch.text).toBe('ends as if whole');
  });
});
