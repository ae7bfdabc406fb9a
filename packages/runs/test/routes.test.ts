import { getHold, holdOpen } from '@holdopen/fetch';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { ANONYMOUS } from '../src/access/authorize.js';
import {
  ask,
  blocksOf,
  eventStream,
  gate,
  KEY,
  openRuns,
  problemOf,
  quiet,
  runOf,
  serve,
} from './support/desk.js';

afterEach(() => {
  vi.restoreAllMocks();
});

const QUICK = { hold: { firstBeatMs: 20, intervalMs: 60 } } as const;

function at(path: string, about: Parameters<typeof ask>[0] = {}): Request {
  return ask({ method: 'GET', url: `http://test.example${path}`, ...about });
}

/** A run that waits until it is let go. */
async function slowRun(options: Parameters<typeof openRuns>[0] = {}) {
  const runs = openRuns({ ...QUICK, ...options });
  const go = gate<Response>();
  let signal: AbortSignal | undefined;
  const accepted = await serve(
    runs,
    ask({ key: KEY, headers: { prefer: 'respond-async' } }),
    (_request, info) => {
      signal = info.signal;
      return go.opened;
    },
  );
  expect(accepted.status).toBe(202);
  const status = accepted.headers.get('location') ?? '';
  return { runs, go, status, id: runOf(accepted), signal: () => signal };
}

describe('the status of a run', () => {
  test('says what it is doing, and nobody keeps the answer', async () => {
    const { runs, go, status, id } = await slowRun();
    const running = await runs.fetch(at(status));
    expect(running.status).toBe(200);
    expect(running.headers.get('cache-control')).toBe('no-store');
    expect(Number(running.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await running.json()).toMatchObject({ id, state: 'running', attempt: 1 });
    go.open(Response.json({ a: 1 }, { status: 201 }));
    await vi.waitFor(async () => {
      const done = await (await runs.fetch(at(status))).json();
      expect(done).toMatchObject({ state: 'completed', status: 201, result: `${status}/result` });
    });
    const done = await runs.fetch(at(status));
    expect(done.headers.has('retry-after')).toBe(false);
  });

  test('HEAD has the same head and no body', async () => {
    const { runs, status } = await slowRun();
    const head = await runs.fetch(at(status, { method: 'HEAD' }));
    const get = await runs.fetch(at(status));
    expect([...head.headers.keys()]).toEqual([...get.headers.keys()]);
    expect(await head.text()).toBe('');
  });

  test.each(['', '/events', '/result'])(
    'a stranger gets 404 at %s, as for no run',
    async (part) => {
      const { runs, id } = await slowRun();
      const other = id.replace(/^./, (first) => (first === 'A' ? 'B' : 'A'));
      const strangers = await runs.fetch(at(`/runs/${id}${part}`, { user: 'eve' }));
      const nobodys = await runs.fetch(at(`/runs/${other}${part}`));
      expect([strangers.status, nobodys.status]).toEqual([404, 404]);
      expect(await strangers.text()).toBe(await nobodys.text());
    },
  );

  test('a token of the run opens it where authorize goes by it', async () => {
    const runs = openRuns({
      ...QUICK,
      authorize: (request, { run, token }) =>
        token === undefined ? request.headers.get('x-user') || undefined : run?.principal,
    });
    const answer = await serve(runs, ask({ key: KEY }), () => new Response('x'));
    const token = answer.headers.get('holdopen-run') ?? '';
    const path = `/runs/${runOf(answer)}`;
    const headers = { 'holdopen-run': token };
    expect((await runs.fetch(at(path, { user: '', headers }))).status).toBe(200);
    expect((await runs.fetch(at(path, { user: '' }))).status).toBe(404);
    const forged = { 'holdopen-run': `${token.slice(0, -2)}xx` };
    expect((await runs.fetch(at(path, { user: '', headers: forged }))).status).toBe(404);
    const cancel = at(path, { method: 'DELETE', user: '', headers });
    expect((await runs.fetch(cancel)).status).toBe(404);
  });
});

describe('the result', () => {
  test('is held with beats while the work goes on, and has the late status before it', async () => {
    const { runs, go, status } = await slowRun();
    const response = await runs.fetch(at(`${status}/result`));
    expect(response.headers.get('holdopen')).toBe('interval=60, format=json');
    expect(response.headers.get('link')).toContain(`<${status}>; rel="status"`);
    go.open(Response.json({ a: 1 }));
    const text = await response.text();
    expect(text).toMatch(/^\n/);
    expect(JSON.parse(text)).toEqual({ a: 1 });
  });

  test('is whole and with its own status afterwards', async () => {
    const { runs, go, status } = await slowRun();
    go.open(Response.json({ a: 1 }, { status: 422, headers: { 'set-cookie': 'a=1' } }));
    await vi.waitFor(async () => {
      expect(await (await runs.fetch(at(status))).json()).toMatchObject({ state: 'failed' });
    });
    const response = await runs.fetch(at(`${status}/result`));
    expect(response.status).toBe(422);
    expect(response.headers.has('set-cookie')).toBe(false);
    expect(await response.json()).toEqual({ a: 1 });
  });

  test('is a 202 for who will not wait', async () => {
    const { runs, status } = await slowRun();
    const headers = { prefer: 'respond-async, wait=0' };
    const response = await runs.fetch(at(`${status}/result`, { headers }));
    expect(response.status).toBe(202);
    expect(response.headers.get('preference-applied')).toContain('respond-async');
    expect(await response.json()).toMatchObject({ state: 'running' });
  });
});

describe('the events', () => {
  test('are held before the first one, and go on at a cursor', async () => {
    const runs = openRuns(QUICK);
    const answer = await serve(runs, ask({ key: KEY }), () =>
      eventStream(['data: 1\n\n', 'data: 2\n\n', 'data: 3\n\n']),
    );
    const all = blocksOf(await answer.text());
    const path = `/runs/${runOf(answer)}/events`;
    expect(all.map(({ data }) => data)).toEqual([undefined, '1', '2', '3', undefined]);
    for (const [index, { id = '' }] of all.entries()) {
      const byHeader = await runs.fetch(at(path, { headers: { 'last-event-id': id } }));
      const byQuery = await runs.fetch(at(`${path}?last_event_id=${encodeURIComponent(id)}`));
      if (index === all.length - 1) {
        expect([byHeader.status, byQuery.status]).toEqual([204, 204]);
        continue;
      }
      const rest = blocksOf(await byHeader.text()).slice(1);
      expect(rest).toEqual(all.slice(index + 1));
      expect(blocksOf(await byQuery.text()).slice(1)).toEqual(rest);
    }
  });

  test('wait for a handler that has said nothing yet, with beats', async () => {
    const { runs, go, status } = await slowRun();
    const response = await runs.fetch(at(`${status}/events`, { headers: { accept: '*/*' } }));
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    go.open(eventStream(['data: 1\n\n']));
    const text = await response.text();
    expect(text).toMatch(/^:/);
    expect(text).toContain('data: 1\n\n');
  });

  test('of work that failed before its first one say so in an event with an id', async () => {
    quiet();
    const { runs, go, status } = await slowRun();
    const response = await runs.fetch(at(`${status}/events`));
    go.fail(new Error('no'));
    const last = blocksOf(await response.text()).at(-1);
    expect(last?.event).toBe('error');
    expect(JSON.parse(last?.data ?? '')).toMatchObject({ code: 'handler_error', status: 500 });
    const again = await runs.fetch(
      at(`${status}/events`, { headers: { 'last-event-id': last?.id ?? '' } }),
    );
    expect(again.status).toBe(204);
  });

  test('of a run that has none are 406', async () => {
    const runs = openRuns(QUICK);
    const answer = await serve(runs, ask({ key: KEY }), () => Response.json(1));
    const response = await runs.fetch(at(`/runs/${runOf(answer)}/events`));
    expect(response.status).toBe(406);
  });

  test('a cursor of another run is lost, in words', async () => {
    const runs = openRuns(QUICK);
    const events = () => eventStream(['data: 1\n\n']);
    const one = await serve(runs, ask({ key: KEY }), events);
    const two = await serve(runs, ask({ key: 'another' }), events);
    const id = blocksOf(await two.text())[1]?.id ?? '';
    const path = `/runs/${runOf(one)}/events`;
    const response = await runs.fetch(at(path, { headers: { 'last-event-id': id } }));
    expect(await problemOf(response)).toMatchObject({ status: 410, code: 'cursor_lost' });
  });
});

describe('DELETE', () => {
  test('tells running work to stop, and a second one removes what it left', async () => {
    quiet();
    const { runs, go, status, signal } = await slowRun();
    const wish = await runs.fetch(at(status, { method: 'DELETE' }));
    expect(wish.status).toBe(202);
    expect(await wish.json()).toMatchObject({ cancelRequested: true });
    await vi.waitFor(() => expect(signal()?.aborted).toBe(true));
    go.fail(new Error('stopped'));
    await vi.waitFor(async () => {
      expect(await (await runs.fetch(at(status))).json()).toMatchObject({ state: 'cancelled' });
    });
    const again = await serve(runs, ask({ key: KEY }), () => new Response('started anew'));
    expect(await problemOf(again)).toMatchObject({ status: 410, code: 'cancelled' });
    const second = await runs.fetch(at(status, { method: 'DELETE' }));
    expect(second.status).toBe(200);
    expect(await second.json()).toMatchObject({ purged: true });
    expect((await runs.fetch(at(`${status}/result`))).status).toBe(410);
  });

  test('leaves a settled run as it is, unless it is to be purged', async () => {
    const runs = openRuns(QUICK);
    const answer = await serve(runs, ask({ key: KEY }), () => Response.json({ a: 1 }));
    const path = `/runs/${runOf(answer)}`;
    const kept = await runs.fetch(at(path, { method: 'DELETE' }));
    expect(kept.status).toBe(200);
    expect(await kept.json()).toMatchObject({ state: 'completed' });
    expect(await (await runs.fetch(at(`${path}/result`))).json()).toEqual({ a: 1 });
    const purged = await runs.fetch(at(`${path}?purge`, { method: 'DELETE' }));
    expect(await purged.json()).toMatchObject({ purged: true });
    expect((await runs.fetch(at(`${path}/result`))).status).toBe(410);
  });

  test.each([
    [{ origin: 'https://evil.example' }],
    [{ origin: 'null' }],
    [{ 'sec-fetch-site': 'cross-site' }],
    [{ origin: 'http://test.example', 'sec-fetch-site': 'cross-site', host: 'other' }],
  ])('from another site is refused though its cookies are right: %o', async (headers) => {
    const { runs, status, signal } = await slowRun();
    const refused = await runs.fetch(at(status, { method: 'DELETE', headers }));
    expect(await problemOf(refused)).toMatchObject({ status: 403, code: 'cross_site' });
    expect(await (await runs.fetch(at(status))).json()).not.toHaveProperty('cancelRequested');
    expect(signal()?.aborted).toBe(false);
  });

  test('from a page of the same site, or of one that cors names, is not', async () => {
    const cors = { origins: ['https://app.example'] };
    for (const origin of ['http://test.example', 'https://app.example']) {
      const { runs, status } = await slowRun({ cors });
      const headers = { origin, host: 'test.example' };
      const behindProxy = { origin: 'https://other.example', 'sec-fetch-site': 'same-origin' };
      expect(
        (await runs.fetch(at(status, { method: 'DELETE', headers: behindProxy }))).status,
      ).toBe(202);
      const wish = await runs.fetch(at(status, { method: 'DELETE', headers }));
      expect(wish.status).toBe(202);
    }
  });
});

describe('the list', () => {
  test('has the running runs of whoever asks and of nobody else', async () => {
    const authorize = (request: Request) => request.headers.get('x-user') || undefined;
    const { runs, go, id } = await slowRun({ authorize });
    const mine = (await (await runs.fetch(at('/runs'))).json()) as { runs: { id: string }[] };
    expect(mine.runs.map((run) => run.id)).toEqual([id]);
    expect(await runs.list('ann')).toHaveLength(1);
    expect(await (await runs.fetch(at('/runs', { user: 'eve' }))).json()).toEqual({ runs: [] });
    expect((await runs.fetch(at('/runs', { user: '' }))).status).toBe(403);
    go.open(new Response());
    await vi.waitFor(async () => {
      expect(await (await runs.fetch(at('/runs'))).json()).toEqual({ runs: [] });
    });
  });

  test('shows callers without a name nothing, for they would see each other’s', async () => {
    const runs = openRuns({ ...QUICK, anonymous: true, authorize: () => ANONYMOUS });
    void serve(runs, ask({ key: KEY }), () => new Promise<Response>(() => {}));
    expect(await (await runs.fetch(at('/runs'))).json()).toEqual({ runs: [] });
    await runs.close();
  });
});

describe('what the routes do not have', () => {
  test.each([
    ['/runs/nothing', 'GET', 404],
    [`/runs/${'x'.repeat(33)}/other`, 'GET', 404],
    ['/elsewhere', 'GET', 404],
    ['/runs', 'DELETE', 405],
    [`/runs/${'x'.repeat(33)}/events`, 'POST', 405],
  ])('%s by %2$s', async (path, method, status) => {
    const response = await openRuns().fetch(at(path, { method }));
    expect(response.status).toBe(status);
    if (status === 405) expect(response.headers.get('allow')).toContain('GET');
  });

  test('goes on to whoever asks for a match', () => {
    const runs = openRuns();
    expect(runs.match(at('/elsewhere'))).toBeUndefined();
    expect(runs.match(at('/runsandmore'))).toBeUndefined();
  });
});

test('a preflight names what may be sent, for origins that cors allows', async () => {
  const runs = openRuns({ cors: { origins: ['https://app.example'], credentials: true } });
  const preflight = (origin: string) =>
    runs.fetch(at(`/runs/${'x'.repeat(33)}`, { method: 'OPTIONS', headers: { origin } }));
  const allowed = await preflight('https://app.example');
  expect(allowed.status).toBe(204);
  expect(Object.fromEntries(allowed.headers)).toMatchObject({
    'access-control-allow-origin': 'https://app.example',
    'access-control-allow-credentials': 'true',
    'access-control-allow-methods': 'GET, HEAD, DELETE, OPTIONS',
    'access-control-allow-headers': expect.stringContaining('HoldOpen-Run'),
  });
  const other = await preflight('https://evil.example');
  expect(other.headers.has('access-control-allow-origin')).toBe(false);
});

test('refusals can be read by a page of another origin', async () => {
  const runs = openRuns({
    cors: { origins: '*' },
    authorize: () => Response.redirect('http://test.example/login', 302),
  });
  const headers = { origin: 'https://app.example' };
  const refused = await runs.fetch(at(`/runs/${'x'.repeat(33)}`, { headers }));
  expect(refused.headers.get('access-control-allow-origin')).toBe('*');
});

describe('the option runs of holdOpen', () => {
  test('holds the answer of a run, whose head says where to come back to', async () => {
    const runs = openRuns();
    const go = gate();
    const handler = holdOpen(
      async (request) => {
        expect(getHold(request).id).not.toBe('');
        await go.opened;
        return Response.json({ length: (await request.text()).length }, { status: 201 });
      },
      { runs, firstBeatMs: 20, intervalMs: 60 },
    );
    const response = (await handler(ask({ key: KEY, body: 'four' }))) as Response;
    expect(response.headers.get('holdopen')).toBe('interval=60, format=json');
    const status = `/runs/${runOf(response)}`;
    await response.body?.cancel();
    expect(await (await runs.fetch(at(status))).json()).toMatchObject({ state: 'running' });
    go.open();
    const again = (await handler(ask({ key: KEY, body: 'four' }))) as Response;
    expect(JSON.parse(await again.text())).toEqual({ length: 4 });
  });

  test('tells the handler which attempt it is, and nothing of it where there is no run', async () => {
    const attempts: unknown[] = [];
    const handler = holdOpen(
      (request) => {
        attempts.push(getHold(request).attempt);
        return new Response(null, { status: attempts.length === 1 ? 503 : 200 });
      },
      { runs: openRuns() },
    );
    for (const key of [KEY, KEY, undefined]) await handler(ask({ key }));
    expect(attempts).toEqual([1, 2, undefined]);
  });

  test('withholds the head for who asked for a 202', async () => {
    const handler = holdOpen((_request: Request) => new Promise<Response>(() => {}), {
      runs: openRuns(),
      firstBeatMs: 0,
      intervalMs: 60,
    });
    const headers = { prefer: 'respond-async, wait=0.1' };
    const response = (await handler(ask({ key: KEY, headers }))) as Response;
    expect(response.status).toBe(202);
    expect(response.headers.has('holdopen')).toBe(false);
  });

  test('leaves a request without a key as it is', async () => {
    const request = ask();
    let seen: Request | undefined;
    const handler = holdOpen(
      (it: Request) => {
        seen = it;
        return new Response('x');
      },
      { runs: openRuns() },
    );
    await handler(request);
    expect(seen).toBe(request);
  });

  test.each([
    [{ runs: {} as never }, 'createRuns'],
    [{ runs: openRuns(), onDisconnect: 'abort' as const }, 'DELETE'],
  ])('says what is wrong with it', (options, words) => {
    expect(() => holdOpen(() => new Response(), options)).toThrow(words);
  });
});
