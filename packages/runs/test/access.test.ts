import { afterEach, describe, expect, test, vi } from 'vitest';
import { ANONYMOUS, type AuthorizeContext } from '../src/access/authorize.js';
import type { RunsOptions } from '../src/options.js';
import { signRunToken } from '../src/token.js';
import {
  ask,
  blocksOf,
  byHeader,
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

const never = (): Response => {
  throw new Error('started');
};

const SECRET = 'a secret of sixteen bytes';

describe('authorize', () => {
  test('refuses by giving nobody, and its own answer goes out', async () => {
    for (const nobody of [undefined, null, false] as const) {
      const answer = await serve(openRuns({ authorize: () => nobody }), ask({ key: KEY }), never);
      expect(answer.status).toBe(403);
      expect(await problemOf(answer)).toMatchObject({ code: 'forbidden' });
    }
    const login = () => new Response('who?', { status: 401, headers: { 'x-login': '/login' } });
    const answer = await serve(openRuns({ authorize: login }), ask({ key: KEY }), never);
    expect([answer.status, answer.headers.get('x-login')]).toEqual([401, '/login']);
  });

  test('is not asked about a request that is no run', async () => {
    const authorize = vi.fn(() => 'ann');
    await serve(openRuns({ authorize }), ask(), () => new Response());
    expect(authorize).not.toHaveBeenCalled();
  });

  test('an empty principal, or one that is no text, is a fault that is thrown', async () => {
    for (const wrong of ['', { principal: '' }, { principal: undefined as unknown as string }]) {
      const runs = openRuns({ authorize: () => wrong });
      await expect(serve(runs, ask({ key: KEY }), never)).rejects.toMatchObject({
        code: 'empty_principal',
      });
    }
  });

  test('a body is not read for who may not start', async () => {
    const request = ask({ key: KEY, body: 'large' });
    await serve(openRuns({ authorize: () => undefined }), request, never);
    expect(request.bodyUsed).toBe(false);
  });

  test('a grant that is over already is none', async () => {
    const authorize = () => ({ principal: 'ann', expiresAt: Date.now() - 1 });
    expect((await serve(openRuns({ authorize }), ask({ key: KEY }), never)).status).toBe(403);
    const broken = () => ({ principal: 'ann', expiresAt: new Date('nonsense') });
    expect((await serve(openRuns({ authorize: broken }), ask({ key: KEY }), never)).status).toBe(
      403,
    );
  });
});

describe('a stranger', () => {
  const stream = () => eventStream(['data: private\n\n']);

  async function begin(options: Partial<RunsOptions> = {}) {
    const runs = openRuns(options);
    const answer = await serve(runs, ask({ key: KEY }), stream);
    const token = answer.headers.get('holdopen-run') ?? '';
    const [first] = blocksOf(await answer.text());
    return { runs, id: first?.id ?? '', token, run: runOf(answer) };
  }

  test('with the cursor of another’s run sees what one sees where there is no run', async () => {
    const { runs, id, run } = await begin();
    const get = (cursor: string, user: string) =>
      serve(runs, ask({ method: 'GET', user, headers: { 'last-event-id': cursor } }), never);
    const stranger = await get(id, 'bob');
    const missing = await get(id.replace(run, `${'A'.repeat(33)}${run.slice(33)}`), 'bob');
    expect(stranger.status).toBe(404);
    expect(missing.status).toBe(404);
    expect([...stranger.headers]).toEqual([...missing.headers]);
    expect(await stranger.text()).toBe(await missing.text());
  });

  test('with the key of another starts work of its own, and learns nothing of the other’s', async () => {
    const { runs, run } = await begin();
    const own = await serve(runs, ask({ key: KEY, user: 'bob' }), () => new Response('mine'));
    expect(await own.text()).toBe('mine');
    expect(runOf(own).slice(0, 22)).not.toBe(run.slice(0, 22));
  });

  test('with the cursor of another in a post under its own key gets its own work', async () => {
    const { runs, id } = await begin();
    const request = ask({ key: 'own-key', user: 'bob', headers: { 'last-event-id': id } });
    const answer = await serve(runs, request, () => new Response('of bob'));
    expect(await answer.text()).toBe('of bob');
  });

  test('with a token gets in only where authorize lets tokens in', async () => {
    const { runs, id, token } = await begin();
    const headers = { 'last-event-id': id, 'holdopen-run': token };
    const request = ask({ method: 'GET', user: 'bob', headers });
    expect((await serve(runs, request, never)).status).toBe(404);
  });
});

describe('a run token', () => {
  /** Whoever shows a token is let at its run. */
  const byToken = (seen: AuthorizeContext[] = []) =>
    ((request, context) => {
      seen.push(context);
      if (context.token !== undefined) return context.run?.principal;
      return request.headers.get('x-user') === 'nobody' ? undefined : byHeader(request, context);
    }) satisfies RunsOptions['authorize'];

  async function begin(options: Partial<RunsOptions> = {}) {
    const seen: AuthorizeContext[] = [];
    const runs = openRuns({ authorize: byToken(seen), secret: SECRET, ...options });
    const answer = await serve(runs, ask({ key: KEY }), () => eventStream(['data: 1\n\n']));
    const token = answer.headers.get('holdopen-run') ?? '';
    const [first] = blocksOf(await answer.text());
    const show = (text: string) => {
      const headers = { 'last-event-id': first?.id ?? '', 'holdopen-run': text };
      return serve(runs, ask({ method: 'GET', user: 'nobody', headers }), never);
    };
    return { runs, token, show, seen, run: runOf(answer) };
  }

  test('lets its holder attach, and is given back as it is: a revoked one has no children', async () => {
    const { token, show, seen } = await begin();
    const answer = await show(token);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('holdopen-run')).toBe(token);
    expect(seen.at(-1)).toMatchObject({ action: 'attach', token: { actions: ['attach', 'read'] } });
  });

  test('never starts work', async () => {
    const { runs, token, seen } = await begin();
    const headers = { 'holdopen-run': token };
    const request = ask({ key: 'another', user: 'nobody', headers });
    expect((await serve(runs, request, never)).status).toBe(403);
    expect(seen.at(-1)).toMatchObject({ action: 'start', token: undefined, run: undefined });
  });

  test('that is forged, of another secret, over, of another run or revoked is as none', async () => {
    const { runs, token, show, run } = await begin();
    const secret = await runs.context.secret();
    const other = await openRuns({ secret: 'another secret of 16' }).context.secret();
    const expiresAt = Date.now() + 60_000;
    const forged = `${token.slice(0, -2)}${token.at(-2) === 'A' ? 'B' : 'A'}${token.at(-1)}`;
    for (const wrong of [
      forged,
      'nonsense',
      await signRunToken(other, { run, expiresAt }),
      await signRunToken(secret, { run, expiresAt: Date.now() - 1 }),
      await signRunToken(secret, { run: 'A'.repeat(33), expiresAt }),
      await signRunToken(secret, { run, expiresAt, actions: ['read'] }),
    ]) {
      expect((await show(wrong)).status).toBe(404);
    }
    expect((await show(await signRunToken(secret, { run, expiresAt }))).status).toBe(200);
    const revoked = await begin({ isRevoked: () => true });
    expect((await revoked.show(revoked.token)).status).toBe(404);
  });
});

describe('a grant that expires', () => {
  test('is asked for again, and a watcher who may not any more is cut', async () => {
    let allowed = true;
    let asked = 0;
    const authorize: RunsOptions['authorize'] = (_, { action }) => {
      if (action === 'start') return { principal: 'ann', expiresAt: Date.now() + 40 };
      asked += 1;
      return allowed ? { principal: 'ann', expiresAt: new Date(Date.now() + 40) } : undefined;
    };
    const runs = openRuns({ authorize });
    const ending = gate();
    let signal: AbortSignal | undefined;
    const answer = await serve(runs, ask({ key: KEY }), (_, info) => {
      signal = info.signal;
      const body = new ReadableStream({
        async start(controller) {
          controller.enqueue(new TextEncoder().encode('data: 1\n\n'));
          await ending.opened;
          controller.close();
        },
      });
      return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
    });
    const reader = answer.body?.getReader();
    await reader?.read();
    await reader?.read();
    await vi.waitFor(() => expect(asked).toBeGreaterThan(2));
    allowed = false;
    const farewell = new TextDecoder().decode((await reader?.read())?.value);
    expect(blocksOf(farewell)).toMatchObject([{ id: undefined, event: 'error' }]);
    expect(farewell).toContain('"status":403,"code":"forbidden"');
    expect(await reader?.read()).toMatchObject({ done: true });
    // It was the watcher who might not; the work goes on.
    expect(signal?.aborted).toBe(false);
    ending.open();
  });

  test('is no failure of the work, nor one that the console hears of, for logins expire every day', async () => {
    const said = vi.spyOn(console, 'error').mockImplementation(() => {});
    const authorize: RunsOptions['authorize'] = (_, { action }) =>
      action === 'start' || Date.now() < limit ? { principal: 'ann', expiresAt: limit } : false;
    const limit = Date.now() + 300;
    const runs = openRuns({ authorize, hold: { firstBeatMs: 10, intervalMs: 50 } });
    const go = gate();
    const work = () => {
      async function* events() {
        yield new TextEncoder().encode('data: 1\n\n');
        await go.opened;
      }
      const headers = { 'content-type': 'text/event-stream' };
      return new Response(ReadableStream.from(events()), { headers });
    };
    const run = runOf(await serve(runs, ask({ key: KEY }), work));
    const url = `http://test.example/runs/${run}/events`;
    const watched = await runs.fetch(ask({ method: 'GET', url }));
    const text = await watched.text();
    expect(text).toContain(': keepalive');
    expect(text).not.toContain('status=500');
    expect(blocksOf(text).at(-1)).toMatchObject({ id: undefined, event: 'error' });
    expect(text).toContain('"status":403,"code":"forbidden"');
    go.open();
    expect(said.mock.calls).toEqual([]);
    said.mockRestore();
  });

  test('cuts a body that can tell nothing, so that nobody takes it for whole', async () => {
    const limit = Date.now() + 300;
    const authorize: RunsOptions['authorize'] = (_, { action }) =>
      action === 'start' || Date.now() < limit ? { principal: 'ann', expiresAt: limit } : false;
    const runs = openRuns({ authorize, hold: { firstBeatMs: 10, intervalMs: 50 } });
    const go = gate();
    const work = () => {
      async function* lines() {
        yield new TextEncoder().encode('{"line":1}\n');
        await go.opened;
      }
      const headers = { 'content-type': 'application/x-ndjson' };
      return new Response(ReadableStream.from(lines()), { headers });
    };
    const run = runOf(await serve(runs, ask({ key: KEY }), work));
    const url = `http://test.example/runs/${run}/result`;
    const answer = await runs.fetch(ask({ method: 'GET', url }));
    await expect(answer.text()).rejects.toThrow('the answer was cut');
    go.open();
  });

  test('who reads slowly is not told the end that it may not see any more', async () => {
    let asked = 0;
    const authorize: RunsOptions['authorize'] = (_, { action }) => {
      if (action === 'start') return { principal: 'ann', expiresAt: Date.now() + 60 };
      asked += 1;
      return undefined;
    };
    const runs = openRuns({ authorize });
    const work = () => eventStream(['data: 1\n\n']);
    const reader = (await serve(runs, ask({ key: KEY }), work)).body?.getReader();
    await reader?.read();
    await vi.waitFor(() => expect(asked).toBe(1));
    await reader?.read();
    const farewell = new TextDecoder().decode((await reader?.read())?.value);
    expect(blocksOf(farewell)).toMatchObject([{ id: undefined, event: 'error' }]);
    expect(farewell).toContain('"status":403,"code":"forbidden"');
    expect(await reader?.read()).toMatchObject({ done: true });
  });

  test('who waits for a result and may not any more is refused', async () => {
    const authorize: RunsOptions['authorize'] = (_, { action }) =>
      action === 'start' ? { principal: 'ann', expiresAt: Date.now() + 40 } : undefined;
    const runs = openRuns({ authorize });
    const go = gate();
    const answer = await serve(runs, ask({ key: KEY }), async () => {
      await go.opened;
      return new Response('secret');
    });
    expect(answer.status).toBe(404);
    go.open();
  });

  test('who joined by its key and may not any more is refused, too, and not told to send it again', async () => {
    let allowed = true;
    const authorize: RunsOptions['authorize'] = () =>
      allowed ? { principal: 'ann', expiresAt: Date.now() + 40 } : undefined;
    const runs = openRuns({ authorize });
    const go = gate();
    const work = async () => {
      await go.opened;
      return new Response('secret');
    };
    const first = serve(runs, ask({ key: KEY }), work);
    const joined = serve(runs, ask({ key: KEY }), never);
    await new Promise((resolve) => setTimeout(resolve, 10));
    allowed = false;
    for (const answer of [await first, await joined]) {
      expect(await problemOf(answer)).toMatchObject({ status: 404, code: 'not_found' });
    }
    go.open();
  });

  test('an authorize that throws when it is asked again cuts the watcher, visibly', async () => {
    const errors = quiet();
    const authorize: RunsOptions['authorize'] = (_, { action }) => {
      if (action === 'start') return { principal: 'ann', expiresAt: Date.now() + 40 };
      throw new Error('database away');
    };
    const go = gate();
    const answer = await serve(openRuns({ authorize }), ask({ key: KEY }), async () => {
      await go.opened;
      return new Response('secret');
    });
    expect(answer.status).toBe(404);
    expect(String(errors.mock.calls[0]?.[1])).toContain('database away');
    go.open();
  });
});

describe('a list of runs', () => {
  test('is of whom authorize says, asked to read without a run; a token opens no list', async () => {
    const authorize = vi.fn((request: Request) => request.headers.get('x-user') || undefined);
    const { gate: door } = openRuns({ authorize }).context;
    const headers = { 'holdopen-run': 'hr1.anything' };
    expect(await door.toList(ask({ headers }))).toMatchObject({
      kind: 'granted',
      principal: 'ann',
    });
    expect(authorize).toHaveBeenCalledWith(expect.anything(), {
      action: 'read',
      run: undefined,
      token: undefined,
    });
    const refused = await door.toList(ask({ headers: { 'x-user': '' } }));
    expect(refused.kind === 'refused' && refused.response.status).toBe(403);
  });
});

describe('callers without a name', () => {
  test('need the option, and keys as long as secrets', async () => {
    const authorize = () => ANONYMOUS;
    await expect(serve(openRuns({ authorize }), ask({ key: KEY }), never)).rejects.toMatchObject({
      code: 'invalid_option',
    });
    const runs = openRuns({ authorize, anonymous: true });
    const weak = await serve(runs, ask({ key: 'order-17' }), never);
    expect(weak.status).toBe(400);
    expect(await problemOf(weak)).toMatchObject({ code: 'weak_key' });
    const strong = await serve(runs, ask({ key: KEY }), () => new Response('made'));
    expect(await strong.text()).toBe('made');
  });
});
