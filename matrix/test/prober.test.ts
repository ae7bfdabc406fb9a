import type { RequestListener } from 'node:http';
import { createFaultyPath, type FaultSpec } from '@holdopen/faulty-path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ProbedFront } from '../src/probe/front.js';
import { type ProbeCells, probe } from '../src/probe/questions.js';
import { HIDES_CUTS, WAITS, weigh } from '../src/probe/weigh.js';
import { nodeApp, plainApp } from '../src/server/apps/node.js';
import { type Backend, startBackend } from '../src/server/backend.js';
import type { Stage } from '../src/server/stage.js';
import { bad, plain } from '../src/table.js';

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

/** What would be faults of ours; each of them has to show. */
const BROKEN = {
  /** Nothing is held. */
  unheld: plainApp,
  /** A late error is sent as if it were an answer. */
  glossing: (stage) =>
    nodeApp({
      play: (call) => stage.play(call),
      holdOptions: (name) => ({ ...stage.holdOptions(name), lateError: 'body' }),
    }),
  /** Nobody is told that the client has left. */
  deaf: (stage) =>
    nodeApp({
      play: ({ signal: _, ...call }) => stage.play(call),
      holdOptions: (name) => stage.holdOptions(name),
    }),
  /** A beat lands in the midst of a token. */
  splicing: (stage) =>
    nodeApp({
      holdOptions: (name) => stage.holdOptions(name),
      async play(call) {
        const { body, ...answer } = await stage.play(call);
        return { ...answer, body: typeof body === 'string' ? body : spliced(body) };
      },
    }),
} satisfies Record<string, (stage: Stage) => RequestListener>;

async function* spliced(pieces: AsyncIterable<string>): AsyncIterable<string> {
  for await (const piece of pieces) yield /\w$/.test(piece) ? `${piece}\n` : piece;
}

let server: Backend;
const seen = new Map<string, ProbeCells>();
const closing: (() => Promise<void>)[] = [];

beforeAll(async () => {
  server = await startBackend(nodeApp);
  await Promise.all([
    ...Object.entries(PATHS).map(async ([name, faults]) => {
      const path = await createFaultyPath({ target: server.port, faults });
      closing.push(() => path.close());
      seen.set(name, await probe(frontAt(path.port, server), TIMING));
    }),
    ...Object.entries(BROKEN).map(async ([name, app]) => {
      const broken = await startBackend(app);
      closing.push(() => broken.close());
      seen.set(name, await probe(frontAt(broken.port, broken), TIMING));
    }),
  ]);
}, 60_000);

afterAll(async () => {
  await Promise.all(closing.map((close) => close()));
  await server.close();
});

function frontAt(port: number, { seen }: Backend): ProbedFront {
  return { origin: `http://127.0.0.1:${port}`, seen };
}

function cells(path: keyof typeof PATHS | keyof typeof BROKEN): ProbeCells {
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

describe('a fault of ours shows', () => {
  test('where nothing is held', () => {
    const beats = ['jsonBeats', 'eventBeats', 'ownHeadBeats'] as const;
    for (const column of [...beats, 'cut', 'body', 'header'] as const) {
      expect([column, cells('unheld')[column].verdict]).toEqual([column, 'bad']);
    }
  });

  test('where a late error is sent as if it were an answer', () => {
    const failed = { verdict: 'bad', isWrong: true };
    expect(cells('glossing').cut).toMatchObject(failed);
    expect(cells('glossing').cutFetch).toMatchObject(failed);
    expect(cells('glossing').body.verdict).toBe('good');
  });

  test('where nobody hears that the client has left', () => {
    expect(cells('deaf').leaves).toEqual(bad('never noticed'));
    expect(cells('deaf').json.verdict).toBe('good');
  });

  test('where a beat lands in the midst of a token', () => {
    expect(cells('splicing').json).toMatchObject({ verdict: 'bad', isWrong: true });
    expect(cells('splicing').events).toMatchObject({ verdict: 'bad', isWrong: true });
  });
});

describe('what is known of a proxy', () => {
  test('is a fact; the same of another one is a failure', () => {
    const gathered = cells('gathering');
    expect(gathered.jsonBeats.verdict).toBe('bad');
    const known = weigh(gathered, { jsonBeats: /^gathered/ });
    expect(known.jsonBeats).toEqual(plain('gathered until the end'));
    expect(known.eventBeats.verdict).toBe('bad');
  });

  test('and was not to be seen is marked', () => {
    expect(weigh(cells('good'), { ...WAITS, ...HIDES_CUTS }).cut).toEqual({
      verdict: 'odd',
      text: 'cut: no last chunk',
    });
  });

  test('a hop that lets the silent handler live proves nothing', () => {
    expect(weigh(cells('good')).silent.verdict).toBe('bad');
    expect(weigh(cells('impatient')).silent.verdict).toBe('plain');
  });
});
