import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { audit, type Rule } from './audit.js';
import { planOf } from './plan.js';
import type { ClientStory, Happening, History, Place } from './story.js';
import { LOST_WITHIN_MS } from './times.js';

// Not tried again: what is wrong once in many runs is wrong.
const ONCE = { retry: 0, timeout: 180_000 };

test('many runs over two servers and a Redis, while everything breaks', ONCE, async () => {
  const { code, said } = await chaos('--seed', '1', '--runs', '120');
  expect(code, said).toBe(0);
  const figure = (name: string): number =>
    Number(new RegExp(`^${name} +(\\d+)$`, 'm').exec(said)?.[1]);
  expect(figure('completed') + figure('lostWithKilledOwners')).toBe(120);
  // The chaos was one.
  expect(figure('completed')).toBeGreaterThan(40);
  expect(figure('lostWithKilledOwners')).toBeGreaterThan(0);
  expect(figure('serversKilled')).toBeGreaterThanOrEqual(2);
  expect(figure('redisKilled')).toBe(2);
  expect(figure('retries')).toBeGreaterThan(100);
});

test('it fails with a Redis that keeps nothing, and tells the story of a key', ONCE, async () => {
  const { code, said } = await chaos('--seed', '1', '--runs', '40', '--forgetful');
  expect(code, said).toBe(1);
  expect(said).toContain('VIOLATED with --seed 1 --runs 40');
  expect(said).toMatch(/^- wrong cursor_lost|^- duplicate start/m);
  expect(said).toMatch(/^The story of s1-/m);
});

async function chaos(
  ...options: readonly string[]
): Promise<{ code: number | null; said: string }> {
  const program = fileURLToPath(new URL('chaos.ts', import.meta.url));
  const args = ['--import', 'tsx', program, ...options];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes: Buffer) => {
      said += bytes.toString();
    });
  }
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, said };
}

/** Keys with enough of what is to be broken. */
const EVENTS = keyWith((key) => {
  const plan = planOf(key);
  return plan.kind === 'sse' && plan.events.length >= 6;
});
const JSON_KEY = keyWith((key) => planOf(key).kind === 'json');

describe('the auditor', () => {
  test('finds nothing where nothing is wrong', () => {
    expect(audit(history())).toMatchObject({ violations: [], completed: 1, lost: 1 });
    expect(audit(history())).toMatchObject({ slowestLostMs: 5_000, cursorLost: 0 });
  });

  test.each<[what: string, rule: Rule, plant: (all: History) => History]>([
    [
      'a second start of a key',
      'duplicate start',
      (all) => ({
        ...all,
        starts: [...all.starts, { key: EVENTS, attempt: 2, pid: 12, at: 9_000 }],
      }),
    ],
    ['a missing offset', 'gap', (all) => retold(all, (list) => without(list, 3))],
    ['a missing offset at a resumption', 'gap', (all) => retold(all, (list) => without(list, 4))],
    ['a missing last event', 'gap', (all) => retold(all, (list) => list.toSpliced(-2, 1))],
    [
      'a repeated offset',
      'repeated offset',
      (all) => retold(all, (list) => list.toSpliced(3, 0, list[2] as Happening)),
    ],
    [
      'offsets out of order',
      'gap',
      (all) =>
        retold(all, (list) => list.toSpliced(2, 2, list[3] as Happening, list[2] as Happening)),
    ],
    [
      'an event of something else',
      'wrong content',
      (all) => retold(all, (list) => changed(list, 2, { data: 'else' })),
    ],
    [
      'a wrong id of the handler',
      'wrong content',
      (all) => retold(all, (list) => changed(list, 2, { place: { ...place(1), ownId: 'x' } })),
    ],
    [
      'an iteration that begins elsewhere than it was asked to',
      'wrong place',
      (all) => retold(all, (list) => changed(list, 1, { place: place(1) })),
    ],
    [
      'another epoch in the middle',
      'wrong place',
      (all) => retold(all, (list) => changed(list, 3, { place: { ...place(2), epoch: 'other' } })),
    ],
    [
      'a second run of a key',
      'no agreement',
      (all) => retold(all, (list) => changed(list, 3, { place: { ...place(2), run: 'other' } })),
    ],
    [
      'a stream that ends and does not say how',
      'gap',
      (all) =>
        retold(all, (list) => [
          ...list.slice(0, -1),
          { at: 3_000, what: 'ended without an end', detail: '' },
        ]),
    ],
    [
      '"no more" before the end',
      'gap',
      (all) => retold(all, (list) => [...list.slice(0, -1), { at: 3_000, what: 'nothing more' }]),
    ],
    ['a client without an end', 'hangs', (all) => retold(all, (list) => list.slice(0, -1))],
    [
      'a silent connection',
      'hangs',
      (all) => retold(all, (list) => [...list, { at: 4_000, what: 'silence', detail: '' }]),
    ],
    ['a run that runs for ever', 'hangs', (all) => ({ ...all, stillRunning: ['run'] })],
    ['"lost" though nobody was killed', 'wrong lost', (all) => ({ ...all, kills: [] })],
    [
      '"lost" though another was killed',
      'wrong lost',
      (all) => ({ ...all, kills: [{ pid: 11, at: 1_000 }] }),
    ],
    [
      '"lost" before the owner was killed',
      'wrong lost',
      (all) => ({ ...all, kills: [{ pid: 12, at: 8_000 }] }),
    ],
    [
      '"lost" of work that nobody began, asked of a process that lives',
      'wrong lost',
      (all) => ({ ...all, starts: all.starts.slice(0, 1), kills: [{ pid: 11, at: 1_000 }] }),
    ],
    ['"lost" that comes late', 'late lost', (all) => lostAt(all, 1_000 + LOST_WITHIN_MS + 3_000)],
    [
      '"lost" that comes late over many connections',
      'late lost',
      (all) => lostAfter(all, 4, 1_000 + LOST_WITHIN_MS, 900),
    ],
    [
      '"lost" to some and a result to others',
      'no agreement',
      (all) =>
        retold(all, (list) => [...list, { at: 4_000, what: 'told', status: 500, code: 'lost' }]),
    ],
    [
      'a state that is not what clients were told',
      'no agreement',
      (all) => ({
        ...all,
        lastStates: all.lastStates.map((one) => ({ ...one, state: 'completed' })),
      }),
    ],
    [
      'events of two starts',
      'no agreement',
      (all) => ({
        ...all,
        clients: [...all.clients, otherEpoch(all.clients[0] as ClientStory)],
      }),
    ],
    [
      'a run that is released though its work had begun',
      'unexpected answer',
      (all) =>
        retold(all, (list) => changed(list, -1, { place: { ...place(endOf()), final: 'r' } })),
    ],
    ['a run that nobody knows', 'no agreement', (all) => ({ ...all, lastStates: [] })],
    [
      'a lost place without a new start',
      'wrong cursor_lost',
      (all) =>
        retold(all, (list) => [{ at: 0, what: 'told', status: 410, code: 'cursor_lost' }, ...list]),
    ],
    [
      'a failure that nobody caused',
      'unexpected answer',
      (all) =>
        retold(all, (list) => [
          ...list,
          { at: 4_000, what: 'told', status: 500, code: 'store_rolled_back' },
        ]),
    ],
    [
      'a run that was cancelled by nobody',
      'unexpected answer',
      (all) =>
        retold(all, (list) => changed(list, -1, { place: { ...place(endOf()), final: 'x' } })),
    ],
    ['a result without work', 'never started', (all) => ({ ...all, starts: all.starts.slice(1) })],
    ['a result that is not what was written', 'wrong content', (all) => withJson(all, '{}')],
    ['a server that ended by itself', 'crash', (all) => ({ ...all, crashes: ['it did'] })],
  ])('notices %s', (_, rule, plant) => {
    const { violations } = audit(plant(history()));
    expect(violations.map((one) => one.rule)).toContain(rule);
  });

  test('excuses a late word with the time that the store, or the client, was away', () => {
    const late = lostAt(history(), 1_000 + LOST_WITHIN_MS + 3_000);
    const later = lostAt(history(), 1_000 + LOST_WITHIN_MS + 5_000);
    const away = { from: 13_000, to: 14_000 };
    const { violations } = audit({ ...late, outages: [away, away] });
    expect(violations).toEqual([]);
    expect(audit(lostAfter(history(), 2, 1_000 + LOST_WITHIN_MS, 900)).violations).toEqual([]);
    // One that was over before, or counted twice, is no excuse.
    const early = { from: 1_000, to: 4_000 };
    expect(audit({ ...late, outages: [early] }).violations).toHaveLength(1);
    const short = { from: 14_000, to: 14_050 };
    expect(audit({ ...later, outages: [short, short] }).violations).toHaveLength(1);
  });
});

/** A key that completed for somebody who lost its connection once, and one whose owner was killed. */
function history(): History {
  const plan = planOf(EVENTS);
  const all: Happening[] =
    plan.kind === 'sse'
      ? plan.events.map(({ data }, i) => ({
          at: 1_000 + i,
          what: 'event',
          place: place(i + 1),
          data,
        }))
      : [];
  return {
    starts: [
      { key: EVENTS, attempt: 1, pid: 11, at: 10 },
      { key: JSON_KEY, attempt: 1, pid: 12, at: 10 },
    ],
    kills: [{ pid: 12, at: 1_000 }],
    outages: [],
    clients: [
      {
        key: EVENTS,
        name: 'client 1',
        happenings: [
          { at: 0, what: 'sent', how: 'start', pid: 11, cursor: undefined },
          { at: 1_000, what: 'place', place: place(0) },
          ...all.slice(0, 2),
          { at: 2_000, what: 'broken', by: 'network' },
          { at: 2_000, what: 'sent', how: 'events', pid: 12, cursor: place(2) },
          { at: 2_000, what: 'place', place: place(2) },
          ...all.slice(2),
          { at: 3_000, what: 'end', place: { ...place(endOf()), final: 'c' } },
        ],
      },
      {
        key: JSON_KEY,
        name: 'client 1',
        happenings: [
          { at: 0, what: 'sent', how: 'start', pid: 12, cursor: undefined },
          { at: 6_000, what: 'told', status: 500, code: 'lost' },
        ],
      },
    ],
    lastStates: [
      { key: EVENTS, run: 'run', state: 'completed', attempt: 1 },
      { key: JSON_KEY, run: 'run 2', state: 'lost', attempt: 1 },
    ],
    stillRunning: [],
    crashes: [],
  };
}

function place(offset: number): Place {
  const plan = planOf(EVENTS);
  const before = plan.kind === 'sse' ? plan.events.slice(0, offset) : [];
  const ownId = before.findLast((event) => event.ownId !== undefined)?.ownId;
  return { run: 'run', epoch: 'epoch', offset, final: '', ownId };
}

function endOf(): number {
  const plan = planOf(EVENTS);
  return plan.kind === 'sse' ? plan.events.length + 1 : 0;
}

/** With another story of the client that read events. */
function retold(
  all: History,
  change: (list: readonly Happening[]) => readonly Happening[],
): History {
  return withStory(all, EVENTS, change);
}

function withStory(
  all: History,
  key: string,
  change: (list: readonly Happening[]) => readonly Happening[],
): History {
  const clients = all.clients.map(
    (client): ClientStory =>
      client.key === key ? { ...client, happenings: change(client.happenings) } : client,
  );
  return { ...all, clients };
}

function lostAt(all: History, at: number): History {
  return withStory(all, JSON_KEY, (list) => changed(list, 1, { at }));
}

/** After so many connections of this length, one after the other. */
function lostAfter(all: History, count: number, from: number, lengthMs: number): History {
  return withStory(all, JSON_KEY, () => [
    { at: 0, what: 'sent', how: 'start', pid: 12, cursor: undefined },
    { at: 1_000, what: 'broken', by: 'network' },
    ...Array.from({ length: count }, (_, i): Happening[] => [
      { at: from + i * lengthMs, what: 'sent', how: 'result', pid: 11, cursor: undefined },
      { at: from + (i + 1) * lengthMs, what: 'broken', by: 'client' },
    ]).flat(),
    { at: from + count * lengthMs, what: 'sent', how: 'result', pid: 11, cursor: undefined },
    { at: from + count * lengthMs, what: 'told', status: 500, code: 'lost' },
  ]);
}

function withJson(all: History, text: string): History {
  return withStory(all, JSON_KEY, ([sent]) => [
    sent as Happening,
    { at: 500, what: 'result', run: 'run 2', text },
  ]);
}

/** One who read the same of another start. */
function otherEpoch({ key, happenings }: ClientStory): ClientStory {
  const other = happenings.map((one) =>
    'place' in one ? { ...one, place: { ...one.place, epoch: 'other' } } : one,
  );
  return { key, name: 'client 2', happenings: other };
}

/** Without the event of this offset. */
function without(list: readonly Happening[], offset: number): readonly Happening[] {
  return list.filter((one) => one.what !== 'event' || one.place.offset !== offset);
}

function changed(list: readonly Happening[], at: number, change: object): readonly Happening[] {
  return list.with(at, { ...list.at(at), ...change } as Happening);
}

function keyWith(isGood: (key: string) => boolean): string {
  for (let i = 0; ; i += 1) if (isGood(`key-${i}`)) return `key-${i}`;
}
