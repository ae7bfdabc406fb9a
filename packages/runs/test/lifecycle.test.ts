import { afterEach, describe, expect, test, vi } from 'vitest';
import { createMemoryStore } from '../src/memory/create.js';
import type { WorkInfo } from '../src/serve/work.js';
import {
  ask,
  blocksOf,
  gate,
  KEY,
  openRuns,
  problemOf,
  quiet,
  runOf,
  serve,
} from './support/desk.js';
import { behind } from './support/faulty.js';
import { never, watch, world } from './support/world.js';

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a client that asked for 202', () => {
  const prefer = (text: string) => ask({ key: KEY, headers: { prefer: text } });

  test('gets it when its wait is over, and the result where it says', async () => {
    const { clock, runs } = world();
    const go = gate();
    const work = async () => {
      await go.opened;
      return new Response('made');
    };
    const seen = watch(serve(runs, prefer('respond-async, wait=5'), work));
    await clock.pass(4_900);
    expect(seen.value).toBeUndefined();
    await clock.pass(200);
    const answer = seen.value;
    expect(answer?.status).toBe(202);
    expect(answer?.headers.get('preference-applied')).toBe('respond-async, wait=5');
    expect(answer?.headers.get('location')).toBe(`/runs/${answer && runOf(answer)}`);
    expect(answer?.headers.get('retry-after')).not.toBeNull();
    expect(await answer?.json()).toMatchObject({ state: 'running', attempt: 1 });
    go.open();
    await clock.pass(10);
    const again = await serve(runs, prefer('respond-async, wait=5'), never);
    expect([again.status, await again.text()]).toEqual([200, 'made']);
  });

  test('gets it in time though the store is slow at first and away in the end', async () => {
    const { clock, net, runs } = world();
    const work = () => new Promise<Response>(() => {});
    net.fate = (method) => (method === 'claim' ? 'unsent' : 'pass');
    const seen = watch(serve(runs, prefer('respond-async, wait=3'), work));
    await clock.pass(2_000);
    net.fate = () => 'pass';
    await clock.pass(900);
    expect(seen.value).toBeUndefined();
    net.fate = (method) => (method === 'get' ? 'hang' : 'pass');
    await clock.pass(700);
    expect(seen.value?.status).toBe(202);
    expect(await seen.value?.json()).toMatchObject({ state: 'running' });
  });

  test('waits no longer than hops do, and not at all if it names no time', async () => {
    const { clock, runs } = world();
    const work = () => new Promise<Response>(() => {});
    const seen = watch(serve(runs, prefer('wait=600, respond-async'), work));
    await clock.pass(25_100);
    expect(seen.value?.headers.get('preference-applied')).toBe('respond-async, wait=25');
    const at = watch(serve(runs, prefer('respond-async'), never));
    await clock.pass(10);
    expect(at.value?.status).toBe(202);
    expect(at.value?.headers.get('preference-applied')).toBe('respond-async');
  });

  test('is told apart, so that an adapter can withhold the head for it', () => {
    const { runs } = world();
    expect(runs.withholdMs(prefer('respond-async, wait=9'))).toBe(10_000);
    expect(runs.withholdMs(prefer('wait=9'))).toBeUndefined();
    expect(runs.withholdMs(ask({ headers: { prefer: 'respond-async' } }))).toBeUndefined();
  });
});

describe('a head that must go out before the answer is there', () => {
  test('can say where the run is, from when the key is taken on', async () => {
    const runs = openRuns({ cors: { origins: '*' } });
    const go = gate();
    const request = ask({ key: KEY, headers: { origin: 'https://app.example' } });
    expect([...runs.heldHeaders(request)]).toEqual([]);
    const answer = serve(runs, request, async () => {
      await go.opened;
      return new Response('x');
    });
    await vi.waitFor(() => expect(runs.heldHeaders(request).has('link')).toBe(true));
    const held = runs.heldHeaders(request);
    go.open();
    for (const name of ['link', 'holdopen-run', 'vary', 'access-control-allow-origin']) {
      expect((await answer).headers.get(name)).toBe(held.get(name));
    }
  });
});

describe('a cancelled run', () => {
  test('fires the signal, and everybody is told', async () => {
    const runs = openRuns();
    let info: WorkInfo | undefined;
    const work = (_: Request, it: WorkInfo) => {
      info = it;
      return new Promise<Response>((_resolve, reject) => {
        it.signal.addEventListener('abort', () => reject(it.signal.reason));
      });
    };
    const errors = quiet();
    const first = serve(runs, ask({ key: KEY }), work);
    await vi.waitFor(() => expect(info).toBeDefined());
    const id = info?.id ?? '';
    const record = await runs.context.store.get(id);
    await runs.context.store.requestCancel(id, record?.fence.epoch ?? '');
    for (const answer of [await first, await serve(runs, ask({ key: KEY }), never)]) {
      expect(answer.status).toBe(410);
      expect(await problemOf(answer)).toMatchObject({ code: 'cancelled' });
    }
    expect(info?.signal.reason).toMatchObject({ code: 'cancelled' });
    // It was told to stop; that is no fault to report.
    expect(errors).not.toHaveBeenCalled();
  });

  test('whose handler does not listen is over after a grace, and its stream is not read on', async () => {
    const { clock, runs, store } = world();
    let id = '';
    let cancelled: unknown;
    const body = new ReadableStream({
      cancel(reason) {
        cancelled = reason;
      },
    });
    const seen = watch(
      serve(runs, ask({ key: KEY }), (_, info) => {
        id = info.id ?? '';
        return new Response(body);
      }),
    );
    await clock.pass(0);
    await store.requestCancel(id, (await store.get(id))?.fence.epoch ?? '');
    await clock.pass(5_000);
    expect(seen.value).toBeUndefined();
    await clock.pass(11_000);
    expect(seen.value?.status).toBe(410);
    expect(cancelled).toMatchObject({ code: 'cancelled' });
  });
});

describe('a lost run', () => {
  /** Begins work in a process that dies: it is heard of no more. */
  async function die(onLost?: 'rerun') {
    // It says of its own work that it is in vain.
    quiet();
    const shared = world({ onLost, secret: 'a secret of 16 bytes' });
    const { clock, store, runtime } = shared;
    let isDead = false;
    const dying = openRuns(
      {
        store: behind(store, () => (isDead ? 'hang' : 'pass')),
        secret: 'a secret of 16 bytes',
        onLost,
      },
      runtime,
    );
    void serve(dying, ask({ key: KEY }), () => new Promise<Response>(() => {})).catch(() => {});
    await clock.pass(100);
    isDead = true;
    return shared;
  }

  test('is told to who waits, within lease and grace, and to who comes later', async () => {
    const { clock, runs } = await die();
    const waiting = watch(serve(runs, ask({ key: KEY }), never));
    await clock.pass(29_000);
    expect(waiting.value).toBeUndefined();
    await clock.pass(6_000);
    expect(waiting.value?.status).toBe(500);
    expect(waiting.value && (await problemOf(waiting.value))).toMatchObject({ code: 'lost' });
    const later = await serve(runs, ask({ key: KEY }), never);
    expect([later.status, (await problemOf(later)).code]).toEqual([500, 'lost']);
  });

  test('starts anew only where the route says so, and counts', async () => {
    const { clock, runs } = await die('rerun');
    const waiting = watch(serve(runs, ask({ key: KEY }), never));
    await clock.pass(36_000);
    expect(waiting.value?.status).toBe(500);
    let attempt = 0;
    const again = watch(
      serve(runs, ask({ key: KEY }), (_, info) => {
        attempt = info.attempt;
        return new Response('at last');
      }),
    );
    await clock.pass(100);
    expect(await again.value?.text()).toBe('at last');
    expect(attempt).toBe(2);
  });

  test('is told to who polls its status, from the end of lease and grace on', async () => {
    const { clock, runs, store } = await die();
    const [dead] = await store.list('ann', 10);
    const path = `/runs/${dead?.run}`;
    const poll = async (part = '', more: Parameters<typeof ask>[0] = {}) => {
      const url = `http://test.example${path}${part}`;
      const answer = watch(runs.fetch(ask({ method: 'GET', url, ...more })));
      await clock.pass(20);
      if (answer.value === undefined) throw new Error('no answer');
      return answer.value;
    };
    await clock.pass(29_500);
    expect(await (await poll()).json()).toMatchObject({ state: 'running' });
    await clock.pass(400);
    const told = await poll();
    expect(told.headers.has('retry-after')).toBe(false);
    expect(await told.json()).toMatchObject({ state: 'lost', status: 500, code: 'lost' });
    expect((await store.get(dead?.run ?? ''))?.state).toBe('lost');
    const prefer = { prefer: 'respond-async, wait=0' };
    const result = await poll('/result', { headers: prefer });
    expect([result.status, (await problemOf(result)).code]).toEqual([500, 'lost']);
  });

  test.each([
    ['HEAD of its status', 'HEAD', ''],
    ['HEAD of its result', 'HEAD', '/result'],
    ['DELETE', 'DELETE', ''],
  ])('is settled by %s, if that comes first', async (_, method, part) => {
    const { clock, runs, store } = await die();
    const [dead] = await store.list('ann', 10);
    await clock.pass(31_000);
    const url = `http://test.example/runs/${dead?.run}${part}`;
    const answer = watch(runs.fetch(ask({ method, url })));
    await clock.pass(20);
    expect(answer.value?.status).toBe(200);
    expect(answer.value?.headers.has('retry-after')).toBe(false);
    expect(await store.get(dead?.run ?? '')).toMatchObject({
      state: 'lost',
      cancelRequested: false,
    });
  });

  test('is not among those that run, also while the store cannot take that down', async () => {
    const { clock, runs, net, store } = await die();
    const [dead] = await store.list('ann', 10);
    const list = async () => {
      const listed = watch(runs.list('ann'));
      await clock.pass(6_000);
      return listed.value?.map(({ id }) => id);
    };
    expect(await list()).toEqual([dead?.run]);
    net.fate = (method) => (['markLost', 'sweep'].includes(method) ? 'unsent' : 'pass');
    await clock.pass(31_000);
    expect(await list()).toEqual([]);
    expect((await store.get(dead?.run ?? ''))?.state).toBe('running');
    net.fate = () => 'pass';
    expect(await list()).toEqual([]);
    expect((await store.get(dead?.run ?? ''))?.state).toBe('lost');
  });

  test('of which a status cannot be sure is no running one', async () => {
    const { clock, runs, net, store } = await die();
    const [dead] = await store.list('ann', 10);
    await clock.pass(31_000);
    net.fate = (method) => (method === 'markLost' ? 'unsent' : 'pass');
    const url = `http://test.example/runs/${dead?.run}`;
    const answer = watch(runs.fetch(ask({ method: 'GET', url })));
    await clock.pass(6_000);
    expect(answer.value && (await problemOf(answer.value)).code).toBe('store_away');
  });

  test('that nobody asked for is told to its key, and not that it goes on', async () => {
    const { clock, store, runtime } = await die();
    const secret = 'a secret of 16 bytes';
    const runs = openRuns({ store, secret, whileRunning: 'refuse' }, runtime);
    await clock.pass(31_000);
    const answer = watch(serve(runs, ask({ key: KEY }), never));
    await clock.pass(20);
    expect(answer.value?.status).toBe(500);
    expect(answer.value && (await problemOf(answer.value))).toMatchObject({ code: 'lost' });
  });

  test('that nobody asked for starts anew at once where the route says so', async () => {
    const { clock, runs } = await die('rerun');
    await clock.pass(31_000);
    const again = watch(
      serve(runs, ask({ key: KEY }), (_, { attempt }) => new Response(`attempt ${attempt}`)),
    );
    await clock.pass(20);
    expect(await again.value?.text()).toBe('attempt 2');
  });

  test('is found by the sweeper of a process that has only the run routes', async () => {
    const { clock, runs, store } = await die();
    const [dead] = await store.list('ann', 10);
    watch(runs.fetch(ask({ method: 'GET', url: 'http://test.example/runs' })));
    await clock.pass(31_000 + 45_000);
    expect((await store.get(dead?.run ?? ''))?.state).toBe('lost');
    const closed = runs.close();
    await clock.pass(1_000);
    await closed;
  });

  test('is found by the sweeper though nobody asks for it', async () => {
    const { clock, runs, store } = await die();
    const [dead] = await store.list('ann', 10);
    // Any run makes the sweeper begin.
    await serve(runs, ask({ key: 'other' }), () => new Response());
    await clock.pass(31_000 + 45_000);
    expect((await store.get(dead?.run ?? ''))?.state).toBe('lost');
    expect(clock.pending).toBeGreaterThan(0);
    const closed = runs.close();
    await clock.pass(1_000);
    await closed;
  });
});

describe('a store that is away', () => {
  test('at the start is 503, and the work is not begun', async () => {
    const { clock, net, runs } = world();
    net.fate = () => 'unsent';
    const seen = watch(serve(runs, ask({ key: KEY }), never));
    await clock.pass(6_000);
    expect(seen.value?.status).toBe(503);
    expect(seen.value?.headers.get('retry-after')).not.toBeNull();
    expect(seen.value && (await problemOf(seen.value))).toMatchObject({ code: 'store_away' });
  });

  test('that had taken the key all the same gives it back', async () => {
    const { clock, net, runs } = world();
    net.fate = (method) => (method === 'claim' ? 'unanswered' : 'pass');
    const seen = watch(serve(runs, ask({ key: KEY }), never));
    await clock.pass(6_000);
    expect(seen.value?.status).toBe(503);
    net.fate = () => 'pass';
    await clock.pass(2_000);
    const again = watch(serve(runs, ask({ key: KEY }), () => new Response('begun')));
    await clock.pass(100);
    expect(await again.value?.text()).toBe('begun');
  });

  test('is not outrun by a handler that writes on and on', async () => {
    const errors = quiet();
    const { clock, net, runs } = world({ windowBytes: 10_000, storeAwayMs: 10_000 });
    net.fate = (method) => (method === 'append' ? 'hang' : 'pass');
    let pulls = 0;
    let cancelled = false;
    let info: WorkInfo | undefined;
    const body = new ReadableStream(
      {
        pull(controller) {
          pulls += 1;
          controller.enqueue(new Uint8Array(1_000));
        },
        cancel() {
          cancelled = true;
        },
      },
      { highWaterMark: 0 },
    );
    const seen = watch(
      serve(runs, ask({ key: KEY }), (_, it) => {
        info = it;
        return new Response(body);
      }),
    );
    await clock.pass(5_000);
    expect(pulls).toBeLessThan(15);
    await clock.pass(12_000);
    expect(info?.signal.reason).toMatchObject({ code: 'store_away' });
    expect(pulls).toBeLessThan(15);
    net.fate = () => 'pass';
    await clock.pass(40_000);
    expect(cancelled).toBe(true);
    expect(seen.value?.status).toBe(500);
    // Whoever runs the server is told, once.
    expect(errors).toHaveBeenCalledTimes(1);
    expect(errors.mock.calls[0]?.[1]).toMatchObject({ code: 'store_away' });
  });
});

describe('a log that is full', () => {
  test('fails the run, and stops a handler that would never end', async () => {
    const errors = quiet();
    const runs = openRuns({ maxLogBytes: 100_000 });
    let cancelled = false;
    const body = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(10_000)),
      cancel() {
        cancelled = true;
      },
    });
    const answer = await serve(runs, ask({ key: KEY }), () => new Response(body));
    expect(answer.status).toBe(507);
    expect(await problemOf(answer)).toMatchObject({ code: 'log_full' });
    await vi.waitFor(() => expect(cancelled).toBe(true));
    expect(errors.mock.calls[0]?.[1]).toMatchObject({ code: 'log_full' });
  });
});

describe('bounds', () => {
  test('a body that is too large is 413, known or not beforehand, and claims nothing', async () => {
    const runs = openRuns({ maxBodyBytes: 10 });
    const chunked = new ReadableStream({
      pull: (controller) => controller.enqueue(new TextEncoder().encode('12345678')),
    });
    const init = { method: 'POST', headers: { 'x-user': 'ann', 'idempotency-key': KEY } };
    const endless = new Request('http://test.example/work', {
      ...init,
      body: chunked,
      duplex: 'half',
    } as RequestInit);
    for (const request of [ask({ key: KEY, body: '12345678901' }), endless]) {
      const answer = await serve(runs, request, never);
      expect(answer.status).toBe(413);
      expect(await problemOf(answer)).toMatchObject({ code: 'body_too_large' });
    }
    const work = async (request: Request) => new Response(await request.text());
    const answer = await serve(runs, ask({ key: KEY, body: '1234567890' }), work);
    expect(await answer.text()).toBe('1234567890');
  });

  test('a key that is none is 400', async () => {
    for (const key of ['a b', 'x'.repeat(256), '"open', 'a, b', '""']) {
      const answer = await serve(openRuns(), ask({ key }), never);
      expect([key, answer.status]).toEqual([key, 400]);
      expect(await problemOf(answer)).toMatchObject({ code: 'invalid_key' });
    }
  });

  test('a flood of one principal’s runs is 429, joins no flood, and fills no store', async () => {
    const store = createMemoryStore({ maxRuns: 10 });
    const runs = openRuns({ maxRunningPerPrincipal: 2, store });
    const go = gate();
    const work = async () => {
      await go.opened;
      return new Response('done');
    };
    const going = ['a', 'b'].map((key) => serve(runs, ask({ key }), work));
    await new Promise((resolve) => setTimeout(resolve, 20));
    for (let i = 0; i < 50; i += 1) {
      const answer = await serve(runs, ask({ key: `more-${i}` }), never);
      expect(answer.status).toBe(429);
    }
    // To wait with work that goes on is no new work; and another principal has room of its own.
    const joined = serve(runs, ask({ key: 'a' }), never);
    const other = serve(runs, ask({ key: 'a', user: 'bob' }), work);
    await new Promise((resolve) => setTimeout(resolve, 20));
    go.open();
    for (const answer of await Promise.all([...going, joined, other])) {
      expect(await answer.text()).toBe('done');
    }
    expect((await serve(runs, ask({ key: 'c' }), work)).status).toBe(200);
  });

  test('no header or id of a request can break out of an answer', async () => {
    const runs = openRuns();
    const evil = 'data: x\n\nevent: evil';
    const headers = { 'content-type': 'text/event-stream' };
    const work = () => new Response('id: a\u2028b%0a\r\ndata: 1\n\n', { headers });
    const answer = await serve(runs, ask({ key: JSON.stringify('k"\\; a=b') }), work);
    expect(runOf(answer)).toMatch(/^[\w-]{33}[a-z0-9]{0,16}$/i);
    const [, event] = blocksOf(await answer.text());
    expect(event?.id).toMatch(/^[\x21-\x7e]+$/);
    const forged = `${event?.id?.split('~')[0]}~${encodeURIComponent(evil)}`;
    const request = ask({ method: 'GET', headers: { 'last-event-id': forged } });
    let reached = false;
    // Not as we write ids, hence not ours.
    await serve(runs, request, () => {
      reached = true;
      return new Response();
    });
    expect(reached).toBe(true);
  });
});

describe('a run of another process', () => {
  test('in memory is said to be elsewhere, and the cure is named once', async () => {
    const warning = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const secret = 'a secret of 16 bytes';
    const one = openRuns({ secret });
    const other = openRuns({ secret });
    const headers = { 'content-type': 'text/event-stream' };
    const answer = await serve(
      one,
      ask({ key: KEY }),
      () => new Response('data: 1\n\n', { headers }),
    );
    const [first] = blocksOf(await answer.text());
    for (let i = 0; i < 2; i += 1) {
      const back = ask({ method: 'GET', headers: { 'last-event-id': first?.id ?? '' } });
      const elsewhere = await serve(other, back, never);
      expect(elsewhere.status).toBe(421);
      const problem = await problemOf(elsewhere);
      expect(problem).toMatchObject({ code: 'run_elsewhere' });
      expect(problem.detail).toContain('@holdopen/redis');
    }
    expect(warning).toHaveBeenCalledTimes(1);
    expect(String(warning.mock.calls[0]?.[0])).toContain('@holdopen/redis');
  });
});

describe('a key that comes with a place in a run of another process', () => {
  const headers = { 'content-type': 'text/event-stream' };
  const work = () => new Response('data: 1\n\n', { headers });

  test('starts its work if that run is not its own', async () => {
    const secret = 'a secret of 16 bytes';
    const seen = blocksOf(
      await (await serve(openRuns({ secret }), ask({ key: KEY }), work)).text(),
    );
    for (const now of [openRuns({ secret }), openRuns()]) {
      const place = { 'last-event-id': seen.at(-1)?.id ?? '' };
      const answer = await serve(now, ask({ key: 'another', headers: place }), work);
      expect(answer.status).toBe(200);
      expect(await answer.text()).toContain('data: 1');
    }
  });

  test('starts nothing if it is', async () => {
    vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const secret = 'a secret of 16 bytes';
    const seen = blocksOf(
      await (await serve(openRuns({ secret }), ask({ key: KEY }), work)).text(),
    );
    const place = { 'last-event-id': seen.at(-1)?.id ?? '' };
    const answer = await serve(openRuns({ secret }), ask({ key: KEY, headers: place }), never);
    expect(await problemOf(answer)).toMatchObject({ status: 421, code: 'run_elsewhere' });
  });
});

describe('a shutdown', () => {
  test('waits for the work, refuses new work, and lets clients join what goes on', async () => {
    const runs = openRuns();
    const go = gate();
    const first = serve(runs, ask({ key: 'a' }), async () => {
      await go.opened;
      return new Response('done');
    });
    await new Promise((resolve) => setTimeout(resolve, 10));
    const drained = runs.drain({ timeoutMs: 5_000 });
    const refused = await serve(runs, ask({ key: 'b' }), never);
    expect([refused.status, (await problemOf(refused)).code]).toEqual([503, 'drained']);
    expect(refused.headers.get('retry-after')).not.toBeNull();
    const joined = serve(runs, ask({ key: 'a' }), never);
    await new Promise((resolve) => setTimeout(resolve, 10));
    go.open();
    expect(await drained).toEqual({ settled: 1, released: 0, unsettled: 0 });
    expect(await (await first).text()).toBe('done');
    expect(await (await joined).text()).toBe('done');
  });

  test('gives up what does not end, after its signal fired, and another process starts it', async () => {
    const store = createMemoryStore();
    const secret = 'a secret of 16 bytes';
    const old = openRuns({ store, secret });
    const next = openRuns({ store, secret });
    const order: string[] = [];
    const first = serve(old, ask({ key: KEY }), (_, { signal }) => {
      signal.addEventListener('abort', () => order.push(`told ${signal.reason.code}`));
      return new Promise<Response>(() => {});
    });
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await old.drain({ timeoutMs: 20 })).toEqual({ settled: 0, released: 1, unsettled: 0 });
    const answer = await first;
    expect([answer.status, (await problemOf(answer)).code]).toEqual([503, 'drained']);
    const again = await serve(next, ask({ key: KEY }), (_, { attempt }) => {
      order.push(`start ${attempt}`);
      return new Response('elsewhere');
    });
    expect(await again.text()).toBe('elsewhere');
    expect(order).toEqual(['told drained', 'start 2']);
  });

  test('who watches a run that ends meanwhile is told how, also by a store that takes its time', async () => {
    const store = createMemoryStore();
    const read = store.read.bind(store);
    store.read = async (request) => {
      await new Promise((resolve) => setTimeout(resolve, 30));
      return read(request);
    };
    const runs = openRuns({ store });
    const go = gate();
    const work = () => {
      async function* events() {
        yield new TextEncoder().encode('data: 1\n\n');
        await go.opened;
      }
      const headers = { 'content-type': 'text/event-stream' };
      return new Response(ReadableStream.from(events()), { headers });
    };
    const answer = await serve(runs, ask({ key: KEY }), work);
    const text = answer.text();
    const drained = runs.drain();
    go.open();
    expect(await drained).toEqual({ settled: 1, released: 0, unsettled: 0 });
    await runs.close();
    const last = blocksOf(await text).at(-1);
    expect(last?.id).toMatch(/^ho1\..*\.2c$/);
    expect(await text).not.toContain('retry:');
  });

  test('who does not read on is not waited for', async () => {
    const { clock, runs } = world();
    const headers = { 'content-type': 'text/event-stream' };
    const body = 'data: 1\n\n'.repeat(1_000);
    await serve(runs, ask({ key: KEY }), () => new Response(body, { headers }));
    const drained = watch(runs.drain());
    await clock.pass(1_900);
    const closed = watch(runs.close().then(() => 'closed'));
    await clock.pass(2_500);
    expect([drained.value, closed.value]).toEqual([
      { settled: 0, released: 0, unsettled: 0 },
      'closed',
    ]);
  });

  test('does not wait for a store that is away, and says which runs have no end', async () => {
    quiet();
    const { clock, runs, net } = world();
    const stuck = watch(serve(runs, ask({ key: KEY }), () => new Promise<Response>(() => {})));
    await clock.pass(100);
    net.fate = () => 'hang';
    const drained = watch(runs.drain({ timeoutMs: 1_000 }));
    await clock.pass(3_000);
    expect(drained.value).toEqual({ settled: 0, released: 0, unsettled: 1 });
    const closed = watch(runs.close().then(() => 'closed'));
    await clock.pass(2_000);
    expect(closed.value).toBe('closed');
    await clock.pass(60_000);
    expect(stuck.value?.status).toBe(503);
  });

  test('counts what the store would not take before as not settled either', async () => {
    quiet();
    const { clock, runs, net } = world();
    const go = gate();
    const work = async () => {
      await go.opened;
      return Response.json('done');
    };
    const lost = watch(serve(runs, ask({ key: KEY }), work));
    const well = watch(serve(runs, ask({ key: 'b' }), work));
    await clock.pass(100);
    const drained = watch(runs.drain({ timeoutMs: 60_000 }));
    let settles = 0;
    net.fate = (method) => (method === 'settle' && settles++ % 2 === 0 ? 'hang' : 'pass');
    go.open();
    await clock.pass(10);
    net.fate = (method) => (method === 'settle' || method === 'renew' ? 'unsent' : 'pass');
    await clock.pass(58_000);
    expect(drained.value).toEqual({ settled: 1, released: 0, unsettled: 1 });
    expect([lost.value?.status, well.value?.status].sort()).toEqual([200, 500]);
  });

  test('a request that comes by an old connection is sent away at once', async () => {
    const store = createMemoryStore();
    const runs = openRuns({ store });
    const run = runOf(await serve(runs, ask({ key: KEY }), () => new Response('x')));
    await runs.close();
    // As one that was closed.
    store.get = () => new Promise(() => {});
    const answer = await runs.fetch(ask({ method: 'GET', url: `http://test.example/runs/${run}` }));
    expect(answer.headers.has('retry-after')).toBe(true);
    expect(await problemOf(answer)).toMatchObject({ status: 503, code: 'drained', run });
  });

  test('a thousand watchers are no leak', async () => {
    const warnings: string[] = [];
    const warned = (warning: Error) => void warnings.push(String(warning));
    process.on('warning', warned);
    const runs = openRuns();
    const go = gate();
    const work = async () => {
      await go.opened;
      return new Response('x');
    };
    const asked = Array.from({ length: 1_000 }, () => serve(runs, ask({ key: KEY }), work));
    await vi.waitFor(() => expect(runs.context.watching.size).toBe(1_000));
    go.open();
    await Promise.all(asked.map(async (answer) => (await answer).text()));
    await new Promise((resolve) => setTimeout(resolve, 10));
    process.off('warning', warned);
    expect(warnings).toEqual([]);
    expect(runs.context.watching.size).toBe(0);
  });

  test('after close nothing is left that keeps a process awake or watches', async () => {
    const { clock, runs } = world();
    const headers = { 'content-type': 'text/event-stream' };
    const answer = await serve(
      runs,
      ask({ key: KEY }),
      () => new Response(new ReadableStream(), { headers }),
    );
    const text = answer.text();
    await clock.pass(10);
    const closed = runs.close();
    await clock.pass(1_000);
    await closed;
    expect(blocksOf(await text).at(-1)?.event).toBe('error');
    await clock.pass(10);
    expect(clock.pending).toBe(0);
    expect(runs.context.feeds.watchers(runOf(answer))).toBe(0);
  });
});
