import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { RUN_EVENT_TYPES, type RunEvent, type RunEventType } from '../src/diagnostics.js';
import { ask, blocksOf, eventStream, gate, KEY, quiet, runOf, serve } from './support/desk.js';
import { never, watch, world } from './support/world.js';

afterEach(() => {
  vi.restoreAllMocks();
});

function record(types: readonly RunEventType[] = RUN_EVENT_TYPES): RunEvent[] {
  const events: RunEvent[] = [];
  for (const type of types) {
    const listener = (event: unknown): void => void events.push(event as RunEvent);
    subscribe(`holdopen:${type}`, listener);
    onTestFinished(() => void unsubscribe(`holdopen:${type}`, listener));
  }
  return events;
}

const ofType = <Type extends RunEventType>(events: readonly RunEvent[], type: Type) =>
  events.filter((event): event is Extract<RunEvent, { type: Type }> => event.type === type);

/** Work that ends when it is told to. */
function working(options: Parameters<typeof world>[0] = {}) {
  const go = gate<Response>();
  return { ...world(options), go, work: () => go.opened };
}

describe('what happens to a run is told', () => {
  test('from its start over who joins it to its end', async () => {
    const events = record();
    const { clock, runs, go, work } = working();
    const about = { route: 'POST /work/:kind' };
    const first = watch(runs.serve(ask({ key: KEY }), work, about) as Promise<Response>);
    await clock.pass(1_000);
    const second = watch(runs.serve(ask({ key: KEY }), never, about) as Promise<Response>);
    await clock.pass(1_000);
    go.open(Response.json('made', { status: 201 }));
    await clock.pass(100);
    expect([first.value?.status, second.value?.status]).toEqual([201, 201]);
    watch(runs.serve(ask({ key: KEY }), never, about) as Promise<Response>);
    await clock.pass(100);
    const run = {
      id: first.value && runOf(first.value),
      route: '/work/:kind',
      attempt: 1,
      instance: 'test',
      owner: expect.stringMatching(/^[\w-]{11}$/),
    };
    const request = expect.any(Request);
    expect(events.filter(({ type }) => type !== 'run-append')).toEqual([
      { type: 'run-start', run, request },
      { type: 'run-attach', run, request, state: 'running' },
      {
        type: 'run-end',
        run,
        state: 'completed',
        status: 201,
        code: undefined,
        ranMs: 2_000,
        logBytes: expect.any(Number),
      },
      { type: 'run-attach', run, request, state: 'completed' },
    ]);
    const [append] = ofType(events, 'run-append');
    expect(append).toMatchObject({ run, lagMs: 0, entries: 0 });
    expect(append?.bytes).toBeGreaterThan(10);
  });

  test('without principal, key or payload', async () => {
    const events = record();
    const { clock, runs, go, work } = working();
    const request = ask({
      key: KEY,
      user: 'Ann Other',
      body: 'the payload',
      url: 'http://x/by/ann',
    });
    watch(serve(runs, request, work));
    await clock.pass(10);
    go.open(new Response('the answer'));
    await clock.pass(10);
    expect(new Set(events.map(({ type }) => type))).toEqual(
      new Set(['run-start', 'run-append', 'run-end']),
    );
    expect(JSON.stringify(events)).not.toMatch(/ann|payload|answer|8e03978e/i);
  });

  test('with the code of what ended it', async () => {
    quiet();
    const events = record(['run-end']);
    const { clock, runs } = world();
    const hangs = () => new Promise<Response>(() => {});
    const cancelled = watch(serve(runs, ask({ key: 'cancelled' }), hangs));
    watch(serve(runs, ask({ key: 'failed' }), () => Promise.reject(new Error('no'))));
    watch(serve(runs, ask({ key: 'refused' }), () => new Response('', { status: 429 })));
    watch(serve(runs, ask({ key: 'silent' }), hangs));
    await clock.pass(100);
    const [run] = await runs.list('ann');
    watch(runs.fetch(ask({ method: 'DELETE', url: `http://x/runs/${run?.id}` })));
    await clock.pass(15_000);
    expect(cancelled.value?.status).toBe(410);
    await clock.pass(5 * 3_600_000);
    expect(
      ofType(events, 'run-end').map(({ state, status, code }) => [state, status, code]),
    ).toEqual([
      ['failed', 500, 'handler_error'],
      ['released', 429, undefined],
      ['cancelled', 410, 'cancelled'],
      ['failed', 504, 'silent_too_long'],
    ]);
  });

  test('but not the end of work that never began', async () => {
    const events = record();
    const { clock, runs } = world({ maxRunning: 1 });
    const hangs = () => new Promise<Response>(() => {});
    const answers = ['a', 'b'].map((key) => watch(serve(runs, ask({ key }), hangs)));
    await clock.pass(100);
    expect(answers.map(({ value }) => value?.status)).toEqual([undefined, 429]);
    expect(events.map(({ type }) => type)).toEqual(['run-start']);
  });

  test('when a client comes back, with what it had missed', async () => {
    const events = record(['run-resume', 'run-attach']);
    const { clock, runs } = world();
    const texts = [1, 2, 3, 4].map((n) => `data: ${n}\n\n`);
    const seen = watch(serve(runs, ask({ key: KEY }), () => eventStream(texts)));
    await clock.pass(100);
    const text = await (seen.value as Response).text();
    const [, , second] = blocksOf(text);
    const headers = { 'last-event-id': second?.id ?? '' };
    watch(serve(runs, ask({ method: 'GET', headers }), never));
    await clock.pass(100);
    expect(events).toMatchObject([
      { type: 'run-resume', state: 'completed', after: 2, behind: 3, run: { attempt: 1 } },
    ]);
  });
});

describe('the store', () => {
  test('is told of by how long it takes, and by what fails', async () => {
    const events = record();
    const { clock, net, runs, go, work } = working({ leaseMs: 15_000 });
    watch(serve(runs, ask({ key: KEY }), work));
    await clock.pass(4_000);
    net.fate = () => 'unsent';
    await clock.pass(3_000);
    net.fate = () => 'pass';
    await clock.pass(1_000);
    const [renewal] = ofType(events, 'run-renew');
    expect(renewal?.lagMs).toBeGreaterThanOrEqual(1_000);
    expect(renewal?.lagMs).toBeLessThan(4_000);
    expect(renewal?.leftMs).toBeGreaterThan(20_000);
    const failures = ofType(events, 'run-store-failure').filter(
      // Whoever waits reads as well.
      ({ operation }) => operation !== 'read',
    );
    expect(failures.length).toBeGreaterThan(0);
    for (const failure of failures) {
      expect(failure).toEqual({
        type: 'run-store-failure',
        operation: 'renew',
        code: 'store_unavailable',
        runId: renewal?.run.id,
      });
    }
    net.fate = (method) => (method === 'append' ? 'unsent' : 'pass');
    go.open(new Response('made'));
    await clock.pass(2_000);
    net.fate = () => 'pass';
    await clock.pass(1_000);
    const [append] = ofType(events, 'run-append');
    expect(append?.lagMs).toBeGreaterThanOrEqual(2_000);
    const last = ofType(events, 'run-store-failure').at(-1);
    expect(last).toMatchObject({ operation: 'append', runId: append?.run.id });
  });

  test('that stays away is told of as that, and the request with it', async () => {
    const events = record(['run-store-failure']);
    const { clock, net, runs } = world();
    net.fate = () => 'unsent';
    const seen = watch(serve(runs, ask({ key: KEY }), never));
    await clock.pass(6_000);
    expect(seen.value?.status).toBe(503);
    const claims = ofType(events, 'run-store-failure').filter(({ runId }) => runId === undefined);
    expect(new Set(claims.map(({ code }) => code))).toEqual(
      new Set(['store_unavailable', 'store_away']),
    );
    expect(new Set(claims.map(({ operation }) => operation))).toEqual(new Set(['claim']));
  });

  test('that does not take the end leaves a run that is lost, for its owner too', async () => {
    quiet();
    const events = record(['run-end']);
    const { clock, net, runs, go, work } = working();
    watch(serve(runs, ask({ key: KEY }), work));
    await clock.pass(100);
    net.fate = () => 'hang';
    go.open(new Response('made'));
    await clock.pass(60_000);
    expect(events).toMatchObject([{ type: 'run-end', state: 'lost', status: undefined }]);
    expect(ofType(events, 'run-end')[0]?.code).toMatch(/^(lease_lost|store_away)$/);
  });
});

describe('a run whose owner is gone is told of, and who found it', () => {
  async function orphan(options: Parameters<typeof world>[0] = {}) {
    quiet();
    const owner = working({ secret: 'a secret of 16 bytes', ...options });
    const client = new AbortController();
    watch(serve(owner.runs, ask({ key: KEY, signal: client.signal }), owner.work));
    await owner.clock.pass(100);
    client.abort();
    const [run] = await owner.runs.list('ann');
    // Its process is dead to the store from now on.
    owner.net.fate = () => 'hang';
    return { ...owner, id: run?.id ?? '' };
  }

  test('a request that asks for it', async () => {
    const { clock, net, runs, id } = await orphan({ sweepIntervalMs: 10_000_000 });
    await clock.pass(40_000);
    const events = record(['run-lost']);
    net.fate = () => 'pass';
    watch(runs.fetch(ask({ method: 'GET', url: `http://x/runs/${id}` })));
    await clock.pass(100);
    expect(events).toMatchObject([{ type: 'run-lost', by: 'request', run: { id, attempt: 1 } }]);
  });

  test('somebody who waits for it', async () => {
    const { clock, net, runs } = await orphan({ sweepIntervalMs: 10_000_000 });
    const events = record(['run-lost']);
    net.fate = (method) => (method === 'renew' ? 'hang' : 'pass');
    watch(serve(runs, ask({ key: KEY }), never));
    await clock.pass(40_000);
    expect(events).toMatchObject([{ type: 'run-lost', by: 'watcher' }]);
  });

  test('the sweeper', async () => {
    const { clock, net } = await orphan({ sweepIntervalMs: 20_000 });
    const events = record(['run-lost']);
    net.fate = (method) => (method === 'renew' ? 'hang' : 'pass');
    await clock.pass(100_000);
    expect(events).toMatchObject([{ type: 'run-lost', by: 'sweeper' }]);
  });
});

test('nothing is made when nobody listens', async () => {
  const { runEvents } = await import('../src/diagnostics.js');
  const notify = vi.spyOn(runEvents, 'notify');
  const { clock, runs } = world();
  watch(serve(runs, ask({ key: KEY }), () => new Response('made')));
  await clock.pass(20_000);
  expect(notify).not.toHaveBeenCalled();
});
