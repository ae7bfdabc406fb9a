import { channel } from 'node:diagnostics_channel';
import { request } from 'node:http';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { createLivePage, type LivePageOptions } from '../../src/index.js';
import { afterwards, eventsOf, Served } from './support/served.js';

const FILES = ['page.css', 'page.js', 'icon.svg', 'table.js'];
const PATHS = ['', '/', '/events', '/nothing', ...FILES.map((name) => `/${name}`)];

afterEach(() => {
  vi.restoreAllMocks();
});

function page(options: Partial<LivePageOptions> = {}) {
  const live = createLivePage({ authorize: () => true, updateMs: 250, ...options });
  afterwards(() => live.close());
  return live;
}

function ask(path: string, init: RequestInit = {}): Request {
  return new Request(`http://app.test/live${path}`, init);
}

async function bodyOf(response: Response): Promise<ReadableStream<Uint8Array>> {
  expect(response.status).toBe(200);
  if (response.body === null) throw new Error('a body was expected');
  return response.body;
}

const REFUSALS: [name: string, authorize: LivePageOptions['authorize'], status: number][] = [
  ['false', () => false, 403],
  ['nothing', async () => undefined, 403],
  ['an answer of its own', () => new Response('sign in', { status: 401 }), 401],
  ['a redirect', () => Response.redirect('http://app.test/login', 302), 302],
  ['an answer that looks like a success', () => new Response('ok'), 403],
  ['a login that has ended', () => ({ expiresAt: Date.now() - 1 }), 403],
];

test.each(REFUSALS)(
  'who gets %s is told the same of every path, and nothing more',
  async (_name, authorize, status) => {
    const live = page({ authorize });
    const answers = await Promise.all(
      PATHS.map(async (path) => {
        const response = await live.fetch(ask(path));
        return [response.status, [...response.headers], await response.text()];
      }),
    );
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]?.[0]).toBe(status);
    const headers = new Headers(answers[0]?.[1] as [string, string][]);
    expect(headers.get('Cache-Control')).toContain('no-store');
  },
);

test.each([
  ['throws', () => Promise.reject(new Error('the session store is away'))],
  ['gives a session in place of a yes', () => ({ user: 'ada' }) as never],
  ['gives a text', () => 'ada' as never],
])('an authorize that %s lets nobody in, and says so once', async (_name, authorize) => {
  const told = vi.spyOn(console, 'error').mockImplementation(() => {});
  const live = page({ authorize });
  for (const path of PATHS) {
    const response = await live.fetch(ask(path));
    expect(response.status).toBe(500);
    expect(await response.text()).toBe('Internal Server Error\n');
  }
  expect(told).toHaveBeenCalledTimes(1);
  expect(String(told.mock.calls[0]?.[0])).toContain('authorize of the live page');
});

test.each(['/', '/page.css', '/page.js', '/icon.svg', '/events'])(
  '%s is neither kept, framed, sniffed nor told of',
  async (path) => {
    const live = page();
    const { headers, body } = await live.fetch(ask(path));
    await body?.cancel();
    expect(headers.get('Cache-Control')).toBe('no-store, no-transform');
    const policy = headers.get('Content-Security-Policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
    expect(headers.get('X-Content-Type-Options')).toBe('nosniff');
    expect(headers.get('Referrer-Policy')).toBe('no-referrer');
    expect(headers.get('X-Frame-Options')).toBe('DENY');
    expect(headers.get('Cross-Origin-Resource-Policy')).toBe('same-origin');
    expect(headers.has('Access-Control-Allow-Origin')).toBe(false);
  },
);

test('the page names nothing but its own files, so that it needs no path of its own', async () => {
  const live = page();
  const html = await (await live.fetch(ask('/'))).text();
  expect(html).not.toMatch(/style=|<style|onclick|https?:|(href|src)="\//);
  const named = [...html.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, name]) => name);
  expect(named.length).toBeGreaterThan(2);
  for (const name of named) expect((await live.fetch(ask(`/${name}`))).status).toBe(200);
});

test('without its last slash it sends there, and what is not there is not found', async () => {
  const live = page();
  const bare = await live.fetch(ask('?a=1'));
  expect([bare.status, bare.headers.get('Location')]).toEqual([308, './live/?a=1']);
  for (const path of ['/nothing', '/../options.ts', '/page.html', '/tsconfig.json', '/events/1']) {
    expect((await live.fetch(ask(path))).status, path).toBe(404);
  }
  const written = await live.fetch(ask('/', { method: 'POST' }));
  expect([written.status, written.headers.get('Allow')]).toEqual([405, 'GET, HEAD']);
});

test('a page of another site is given no stream', async () => {
  const live = page();
  for (const site of ['cross-site', 'same-site']) {
    const response = await live.fetch(ask('/events', { headers: { 'Sec-Fetch-Site': site } }));
    expect(response.status).toBe(403);
  }
});

test('there is room for so many watchers, and again when one has left', async () => {
  const live = page({ maxWatchers: 2 });
  const bodies = [await live.fetch(ask('/events')), await live.fetch(ask('/events'))];
  const refused = await live.fetch(ask('/events'));
  expect(refused.status).toBe(503);
  expect(Number(refused.headers.get('Retry-After'))).toBeGreaterThan(0);
  await bodies[0]?.body?.cancel();
  const next = await live.fetch(ask('/events'));
  expect(next.status).toBe(200);
  for (const { body } of [...bodies.slice(1), next]) await body?.cancel();
});

test('with a journal its incidents are shown, and none are gathered twice', async () => {
  const died = {
    ...{ id: 'a-1', time: '2026-01-02T03:04:05.678Z', subject: 'process', outcome: 'died' },
    instance: 'web-3',
  };
  const left = {
    ...{ id: 'b-1', time: '2026-01-02T03:04:06.000Z', subject: 'hold', outcome: 'disconnected' },
    ...{ route: 'POST /chats/:id', hold: 'x-1', heldMs: 61_000, silentMs: 61_000, beats: 7 },
  };
  const live = page({ journal: { recent: () => [left, died] } });
  expect(channel('holdopen:disconnect').hasSubscribers).toBe(false);
  const events = eventsOf(await bodyOf(await live.fetch(ask('/events'))));
  const whole = await events.next();
  await events.stop();
  expect(whole?.data.incidents).toEqual({
    set: [
      {
        ...{ id: 'b-1', at: Date.parse(left.time), kind: 'client-left', route: 'POST /chats/:id' },
        ...{ subject: 'x-1', heldMs: 61_000, silentMs: 61_000, beats: 7 },
      },
      { id: 'a-1', at: Date.parse(died.time), kind: 'process-died', route: '', subject: 'web-3' },
    ],
    gone: [],
    more: 0,
  });
});

test('nothing is listened to that every hold tells while nobody watches', async () => {
  const live = page();
  const listened = () =>
    ['start', 'commit', 'beat', 'end'].filter((type) => channel(`holdopen:${type}`).hasSubscribers);
  expect(listened()).toEqual([]);
  const events = eventsOf(await bodyOf(await live.fetch(ask('/events'))));
  expect((await events.next())?.name).toBe('whole');
  expect(listened()).toEqual(['end']);
  await events.stop();
  expect(listened()).toEqual([]);
});

test('changes follow the whole; who was too slow for them gets the whole, and nothing gathers', async () => {
  const live = page();
  const slow = eventsOf(await bodyOf(await live.fetch(ask('/events'))));
  const quick = eventsOf(await bodyOf(await live.fetch(ask('/events'))));
  const first = await slow.next();
  expect(first?.name).toBe('whole');
  let last = await quick.next();
  for (let count = 0; count < 6; count += 1) {
    const next = await quick.next();
    expect(next?.name).toBe('change');
    expect(Number(next?.data.sequence)).toBe(Number(last?.data.sequence) + 1);
    last = next;
  }
  // One was on its way already; then comes what is true now, and not what was missed.
  const names: (string | undefined)[] = [];
  let sequence = 0;
  while (names.at(-1) !== 'whole') {
    const next = await slow.next();
    names.push(next?.name);
    sequence = Number(next?.data.sequence);
  }
  expect(names.length).toBeLessThanOrEqual(3);
  expect(sequence).toBeGreaterThanOrEqual(Number(last?.data.sequence));
  await Promise.all([slow.stop(), quick.stop()]);
});

test('a login that has ended ends the stream with a word, an authorize that fails without one', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
  let answer: () => boolean = () => true;
  const asked: Request[] = [];
  const live = page({
    recheckMs: 1_000,
    authorize: (request) => {
      asked.push(request);
      return answer();
    },
  });
  const first = ask('/events', { headers: { Cookie: 'session=1' } });
  const events = eventsOf(await bodyOf(await live.fetch(first)));
  answer = () => false;
  const names: (string | undefined)[] = [];
  while (names.at(-1) !== undefined || names.length === 0) names.push((await events.next())?.name);
  expect(names.at(-2)).toBe('refused');
  expect(asked.at(-1)?.headers.get('Cookie')).toBe('session=1');

  answer = () => true;
  const others = eventsOf(await bodyOf(await live.fetch(ask('/events'))));
  answer = () => {
    throw new Error('the session store is away');
  };
  const told: (string | undefined)[] = [];
  while (told.at(-1) !== undefined || told.length === 0) told.push((await others.next())?.name);
  expect(told).not.toContain('refused');
});

test('an authorize that does not answer any more ends the stream, and nothing is told meanwhile', async () => {
  let count = 0;
  const live = page({
    recheckMs: 1_000,
    authorize: () => {
      count += 1;
      return count === 1 ? true : new Promise<boolean>(() => {});
    },
  });
  const events = eventsOf(await bodyOf(await live.fetch(ask('/events'))));
  let told = 0;
  let toldWhileAsked = 0;
  for (;;) {
    const next = await events.next();
    if (next === undefined) break;
    told += 1;
    if (count > 1) toldWhileAsked += 1;
  }
  expect(told).toBeGreaterThan(2);
  // What was on its way when it was asked.
  expect(toldWhileAsked).toBeLessThanOrEqual(1);
  expect(count).toBe(2);
});

test('a login is asked again when it ends, and not before', async () => {
  let count = 0;
  const live = page({
    recheckMs: 3_600_000,
    authorize: () => {
      count += 1;
      return count === 1 ? { expiresAt: new Date(Date.now() + 700) } : false;
    },
  });
  const events = eventsOf(await bodyOf(await live.fetch(ask('/events'))));
  const names: (string | undefined)[] = [];
  while (names.at(-1) !== undefined || names.length === 0) names.push((await events.next())?.name);
  expect(names.at(-2)).toBe('refused');
  expect(names.length).toBeGreaterThan(3);
  expect(count).toBe(2);
});

test('over Node a HEAD has no body, a TRACE is no request, and who leaves makes room', async () => {
  const served = await Served.start({ authorize: () => true, maxWatchers: 1 });
  const head = await fetch(`${served.url}/live/`, { method: 'HEAD' });
  expect([head.status, await head.text()]).toEqual([200, '']);
  const traced = await new Promise<number | undefined>((resolve, reject) => {
    const asked = request({ port: served.port, path: '/live/', method: 'TRACE' }, (response) =>
      resolve(response.resume().statusCode),
    );
    asked.on('error', reject).end();
  });
  expect(traced).toBe(405);
  const leaving = new AbortController();
  const first = await fetch(`${served.url}/live/events`, { signal: leaving.signal });
  expect(first.status).toBe(200);
  expect((await fetch(`${served.url}/live/events`)).status).toBe(503);
  leaving.abort();
  await expect
    .poll(async () => {
      const next = await fetch(`${served.url}/live/events`);
      await next.body?.cancel();
      return next.status;
    })
    .toBe(200);
});

test('a refusal that is kept and given again is given each time, and ends no process', async () => {
  const rejected: unknown[] = [];
  const onRejection = (error: unknown): void => void rejected.push(error);
  process.on('unhandledRejection', onRejection);
  onTestFinished(() => void process.off('unhandledRejection', onRejection));
  const signIn = new Response('Sign in first\n', { status: 401 });
  let isIn = false;
  const live = page({ recheckMs: 1_000, authorize: () => (isIn ? true : signIn) });
  for (let i = 0; i < 3; i++) {
    const refused = await live.fetch(ask('/'));
    expect([refused.status, await refused.text()]).toEqual([401, 'Sign in first\n']);
  }
  isIn = true;
  for (let i = 0; i < 2; i++) {
    isIn = true;
    const events = eventsOf(await bodyOf(await live.fetch(ask('/events'))));
    isIn = false;
    let last: string | undefined;
    for (let next = await events.next(); next !== undefined; next = await events.next()) {
      last = next.name;
    }
    expect(last).toBe('refused');
  }
  expect(rejected).toEqual([]);
});

test('a refusal that cannot be sent lets nobody in', async () => {
  const told = vi.spyOn(console, 'error').mockImplementation(() => {});
  const used = new Response('x', { status: 401 });
  await used.text();
  for (const given of [used, { status: 1_000, headers: new Headers() }]) {
    const live = page({ authorize: () => given as Response });
    expect((await live.fetch(ask('/'))).status).toBe(500);
  }
  expect(told).toHaveBeenCalledTimes(2);
});

test('a session whose members throw lets nobody in, and ends no process', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
  const rejected: unknown[] = [];
  const onRejection = (error: unknown): void => void rejected.push(error);
  process.on('unhandledRejection', onRejection);
  onTestFinished(() => void process.off('unhandledRejection', onRejection));
  const gone = {
    get expiresAt(): number {
      throw new Error('the session store is away');
    },
  };
  let isIn = true;
  const live = page({ recheckMs: 1_000, authorize: () => (isIn ? true : gone) });
  const events = eventsOf(await bodyOf(await live.fetch(ask('/events'))));
  isIn = false;
  expect((await live.fetch(ask('/'))).status).toBe(500);
  while ((await events.next()) !== undefined);
  expect(rejected).toEqual([]);
});
