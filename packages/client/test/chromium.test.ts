/** The client in the pages of a real Chromium. */

import type { RunsOptions } from '@holdopen/runs';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { quiet, until } from '../../../test/support/until.js';
import { type Asks, ENOUGH } from './support/ask.js';
import { BadPath } from './support/bad-path.js';
import { Chromium, type ClientPage } from './support/chromium.js';
import { corsHeaders, letsIn } from './support/cors.js';
import { HOSTILE, type Hostile, inChromium } from './support/hostile.js';
import { play, type Row, show } from './support/hostile-table.js';
import {
  asksBeforeItListens,
  getsDocumentOverBrokenPath,
  readsOverBadPath,
} from './support/journeys.js';
import { chunk, chunkedHead, END, plain, RawServer } from './support/raw-server.js';
import { numbers, RunServer } from './support/run-server.js';
import { QUICK, type TestServer } from './support/servers.js';
import { ANSWERS_TOLD, CELLS, EVENTS_TOLD, TlsApp } from './support/tls-app.js';

const KEYED = { idempotencyKey: true, retry: { baseMs: 50 } } as const;
const ONCE = { retry: false } as const;
const POST = {
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: '{}',
} as const;

const all = (count: number): string[] => Array.from({ length: count }, (_, index) => `${index}`);

let chromium: Chromium;
beforeAll(async () => {
  chromium = await Chromium.start();
});
afterAll(() => chromium[Symbol.asyncDispose]());

/** For what can do without a page of its own. */
let page: ClientPage;
beforeAll(async () => {
  page = await chromium.blank();
});

/** A page that is of no origin yet. */
async function blank(): Promise<ClientPage> {
  const page = await chromium.blank();
  onTestFinished(() => page.close());
  return page;
}

/** Asks in a page of the origin that is asked. */
async function asksAtHome(): Promise<Asks> {
  const page = await blank();
  return async (question) => {
    await chromium.moveTo(page, question.url);
    return page.do('ask', question);
  };
}

describe('hostile servers', () => {
  const rows: Row[] = [];
  const names = HOSTILE.map(({ name }) => name);
  afterAll(() => {
    rows.sort(([a], [b]) => names.indexOf(a) - names.indexOf(b));
    show(`Hostile servers, on Chromium ${chromium.version}`, rows);
  });

  const plays = async (hostile: Hostile): Promise<void> => {
    const own = isSlow(hostile) ? await chromium.blank() : page;
    const asks: Asks = (question) => own.do('ask', question);
    const row = await play(hostile, asks, {
      patienceMs: 1_000,
      async before(server) {
        await chromium.moveTo(own, server.url);
        // On a connection that it had before it asked, Chromium sends a POST again itself: see below.
        server.dropUnused();
      },
    });
    if (own !== page) await own.close();
    rows.push(row);
    expect(row.slice(1)).toEqual(inChromium(hostile));
  };
  const isSlow = ({ fetched }: Hostile): boolean => fetched === 'STALLED' || fetched === ENOUGH;
  test.concurrent.each(HOSTILE.filter(isSlow))('$name', plays);
  test.each(HOSTILE.filter((hostile) => !isSlow(hostile)))('$name', plays);
});

describe.each(CELLS)('$name over HTTP/$version', ({ app, version }) => {
  test.each(ANSWERS_TOLD)('%s has its true status', async (path, told) => {
    await using server = await TlsApp.start(app, version);
    await chromium.moveTo(page, server.url);
    expect(await page.do('tellAnswer', server.url + path, POST)).toMatchObject(told);
    expect([...server.versions]).toEqual([version]);
  });

  test('events come without beats', async () => {
    await using server = await TlsApp.start(app, version);
    await chromium.moveTo(page, server.url);
    expect(await page.do('tellEvents', `${server.url}/events`, {})).toEqual(EVENTS_TOLD);
    expect([...server.versions]).toEqual([version]);
  });
});

describe('a path that breaks', () => {
  test('every event of a run comes once and in order', async () =>
    readsOverBadPath(await asksAtHome(), { sparesHeads: true }));

  test('a document survives its connection, and its work is done once', async () =>
    getsDocumentOverBrokenPath(await asksAtHome()));

  test('a connection that was never made is tried again for a POST with a key', async () => {
    const said = await asksBeforeItListens(await asksAtHome(), { idempotencyKey: true });
    expect(said).toBe('200 "\\"late\\""');
  });

  test('and not without one: it is not told from one that broke', async () => {
    const server = await RawServer.start(() => {});
    const { url } = server;
    await server[Symbol.asyncDispose]();
    const asks = await asksAtHome();
    const holdOpen = { retry: { baseMs: 60_000 } };
    const said = await asks({ url, wants: 'answer', holdOpen, timeoutMs: 10_000 });
    expect(said).toBe('NETWORK');
  });

  test('Chromium itself sends a POST again whose connection was used before: only a key prevents that its work is done twice', async () => {
    await using server = await RawServer.start((socket, { count }) => {
      if (count === 2) socket.destroy();
      else socket.write(plain(`${count}`));
    });
    const page = await blank();
    await chromium.moveTo(page, server.url);
    await page.do('tellAnswer', server.url, { ...POST, holdOpen: ONCE });
    const holdOpen = { ...ONCE, idempotencyKey: true };
    const told = await page.do('tellAnswer', server.url, { ...POST, holdOpen });
    expect(told.text).toBe('3');
    const keys = server.requests.map(({ head }) => /^idempotency-key: (.*)$/im.exec(head)?.[1]);
    expect(keys).toEqual([undefined, expect.stringMatching(/^[\da-f]{32}$/), keys[1]]);
  });
});

interface AbroadOptions {
  /** A header that its answers do not let the page see. */
  readonly hides?: string;
  /** How much of an answer's body the path carries before it breaks. */
  readonly maxBytes?: () => number;
  /** How long the server thinks about who may. */
  readonly authorizeMs?: number;
}

/** So soon that nobody waits long, and not before a busy server knows the run. */
const INTERVAL_MS = 400;

/** A page of one origin, and a server of another with a path to it. */
class Abroad implements AsyncDisposable {
  readonly page: ClientPage;
  readonly server: RunServer;
  readonly path: BadPath;
  readonly #home: TestServer;

  private constructor(page: ClientPage, server: RunServer, path: BadPath, home: TestServer) {
    this.page = page;
    this.server = server;
    this.path = path;
    this.#home = home;
  }

  static async start(
    work: (server: RunServer) => Response | Promise<Response>,
    { hides, maxBytes, authorizeMs = 0 }: AbroadOptions = {},
  ): Promise<Abroad> {
    const home = await chromium.serve();
    const origin = new URL(home.url).origin;
    const options: Partial<RunsOptions> = {
      cors: { origins: [origin] },
      hold: { ...QUICK, intervalMs: INTERVAL_MS },
    };
    if (authorizeMs > 0) {
      options.authorize = async () => {
        await quiet(authorizeMs);
        return 'ada';
      };
    }
    const server = await RunServer.start(work, options, letsIn(origin, hides));
    const path = await BadPath.to(server.port, {
      sparesHeads: true,
      ...(maxBytes && { maxBytes }),
    });
    return new Abroad(await chromium.open(home.url), server, path, home);
  }

  /** What it was asked for, preflights aside. */
  get asked() {
    return this.server.requests.filter(({ method }) => method !== 'OPTIONS');
  }

  /** The names for which leave was asked, at a run's places or elsewhere. */
  leaveAskedFor(isRun: boolean): string[] {
    const preflights = this.server.requests.filter(
      ({ method, path }) => method === 'OPTIONS' && path.startsWith('/runs/') === isRun,
    );
    const names = preflights.flatMap(
      ({ headers }) => headers.get('access-control-request-headers')?.split(',') ?? [],
    );
    return [...new Set(names)].sort();
  }

  async ends(): Promise<string | undefined> {
    const { page } = this;
    await until(
      () => JSON.stringify(this.server.requests.map(({ method, path }) => `${method} ${path}`)),
      async () => (await page.do('watched')).end !== undefined,
    );
    return (await page.do('watched')).end;
  }

  async hasSeen(count: number): Promise<void> {
    const isThere = async () => (await this.page.do('watched')).data.length === count;
    await until(`there are ${count} events`, isThere);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.close();
    await this.path[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
    await this.#home[Symbol.asyncDispose]();
  }
}

describe('a page of another origin', () => {
  test('goes on where its events broke, by the address, and needs leave for nothing but who asks', async () => {
    let carried = 800;
    await using abroad = await Abroad.start((self) => numbers(40, self), {
      maxBytes() {
        carried += 100;
        return carried;
      },
    });
    const { page, server, path } = abroad;
    server.gate.open();
    server.allows = ({ headers }) => headers.get('authorization') === 'Bearer fresh';
    await page.do('logIn', { Authorization: 'Bearer fresh' });
    // What Chromium has not given to the page when its connection breaks is lost: some bring nothing.
    const holdOpen = { idempotencyKey: true, retry: { baseMs: 50, maxMs: 100, maxAttempts: 30 } };
    await page.do('watch', { url: path.url, init: POST, holdOpen });
    expect(await abroad.ends()).toBe('the end');
    expect((await page.do('watched')).data).toEqual(all(40));
    expect(server.starts).toBe(1);
    const resumed = abroad.asked.filter(({ path }) => path.endsWith('/events'));
    expect(resumed.length).toBeGreaterThan(1);
    expect(resumed.at(-1)?.query).toMatch(/^\?last_event_id=ho1\./);
    expect(resumed.map(({ headers }) => headers.has('last-event-id'))).not.toContain(true);
    expect(abroad.leaveAskedFor(false)).toEqual([
      'authorization',
      'content-type',
      'idempotency-key',
    ]);
    expect(abroad.leaveAskedFor(true)).toEqual(['authorization']);
  });

  test('needs no leave at all for what says nothing of who asks', async () => {
    await using abroad = await Abroad.start((self) => numbers(4, self));
    const { page, server, path } = abroad;
    server.gate.open();
    expect((await page.do('tellAnswer', path.url, {})).status).toBe(200);
    expect((await page.do('tellEvents', path.url, {})).length).toBe(4);
    expect(server.requests.map(({ method }) => method)).toEqual(['GET', 'GET']);
  });

  test('needs none to go on with a run either', async () => {
    await using abroad = await Abroad.start((self) => numbers(4, self));
    const { page, server, path } = abroad;
    await page.do('watch', { url: path.url, init: POST, holdOpen: KEYED });
    await abroad.hasSeen(2);
    path.breakAll();
    await until('it is back', () => abroad.asked.some(({ query }) => query !== ''));
    server.gate.open();
    expect(await abroad.ends()).toBe('the end');
    expect((await page.do('watched')).data).toEqual(all(4));
    expect(abroad.leaveAskedFor(false)).toEqual(['content-type', 'idempotency-key']);
    expect(abroad.leaveAskedFor(true)).toEqual([]);
  });

  test('goes on by the address with a run whose place was not known when its answer began, too', async () => {
    await using abroad = await Abroad.start((self) => numbers(4, self), {
      authorizeMs: 2 * INTERVAL_MS,
    });
    const { page, server, path } = abroad;
    await page.do('watch', { url: path.url, init: POST, holdOpen: KEYED });
    await abroad.hasSeen(2);
    path.breakAll();
    server.gate.open();
    expect(await abroad.ends()).toBe('the end');
    expect((await page.do('watched')).data).toEqual(all(4));
    expect(server.starts).toBe(1);
    const queries = abroad.asked.map(({ query }) => query);
    expect(queries).toEqual(['', expect.stringMatching(/^\?last_event_id=ho1\./)]);
    expect(abroad.leaveAskedFor(false)).toEqual(['content-type', 'idempotency-key']);
  });

  test('goes on with a stream that is of no run by Last-Event-ID', async () => {
    await using home = await chromium.serve();
    const headers = Object.fromEntries(corsHeaders(new URL(home.url).origin));
    const cursors: (string | undefined)[] = [];
    await using server = await RawServer.start((socket, { head }) => {
      if (head.startsWith('OPTIONS')) return socket.write(plain('', { headers }));
      cursors.push(/^last-event-id: (.*)$/im.exec(head)?.[1]);
      const stream = chunkedHead({ type: 'text/event-stream', headers });
      if (cursors.length > 1) return socket.write(`${stream}${chunk('data: b\n\n')}${END}`);
      socket.write(stream + chunk('id: 7\ndata: a\n\n'));
      return setTimeout(() => socket.end(), 200);
    });
    const page = await chromium.open(home.url);
    onTestFinished(() => page.close());
    const read = await page.do('tellEvents', server.url, { holdOpen: { retry: { baseMs: 5 } } });
    expect(read.map(([, , data]) => data)).toEqual(['a', 'b']);
    expect(cursors).toEqual([undefined, '7']);
  });

  test('shows the token of its run only when its login has gone', async () => {
    await using abroad = await Abroad.start((self) => numbers(4, self));
    const { page, server, path } = abroad;
    server.allows = ({ headers }) => headers.get('authorization') === 'Bearer fresh';
    await page.do('logIn', { Authorization: 'Bearer fresh' });
    await page.do('watch', { url: path.url, init: POST, holdOpen: KEYED });
    await abroad.hasSeen(2);
    expect(server.requests.some(({ headers }) => headers.has('holdopen-run'))).toBe(false);
    await page.do('logIn', {});
    path.breakAll();
    await until('it is back', () => abroad.asked.some(({ path }) => path.endsWith('/events')));
    server.gate.open();
    expect(await abroad.ends()).toBe('the end');
    expect((await page.do('watched')).data).toEqual(all(4));
    // First with the headers that it had, then with those of now, and then with the token.
    const asked = abroad.asked.filter(({ path }) => path.startsWith('/runs/'));
    const firstWithToken = asked.findIndex(({ headers }) => headers.has('holdopen-run'));
    expect(firstWithToken).toBe(2);
    expect(asked[firstWithToken]?.headers.get('holdopen-run')).toMatch(/^hr1\./);
    expect(abroad.leaveAskedFor(true)).toContain('holdopen-run');
  });

  const made = () =>
    Response.json(
      { made: 1 },
      { status: 201, headers: { Location: '/made/1', 'Retry-After': '3' } },
    );
  const held = async ({ gate }: RunServer) => {
    await gate.opened;
    return made();
  };

  /** What a page gets to know of an answer that is there at once, and of one that is held. */
  async function toldAbroad(
    work: (server: RunServer) => Response | Promise<Response>,
    hides?: string,
  ) {
    await using abroad = await Abroad.start(work, hides === undefined ? {} : { hides });
    const { page, server, path } = abroad;
    const asked = page.do('tellAnswer', path.url, { ...POST, holdOpen: KEYED });
    await until('the work has begun', () => server.starts === 1);
    await quiet(2 * INTERVAL_MS);
    server.gate.open();
    return await asked;
  }

  test('sees with the headers of the README what there is to see', async () => {
    const headers = { location: '/made/1', 'retry-after': '3' };
    expect(await toldAbroad(made)).toMatchObject({ status: 201, headers });
    const told = await toldAbroad(held);
    expect(told).toMatchObject({ status: 201, headers, isHeld: true, isOk: true });
    expect(told.runUrl).toMatch(/^http:.*\/runs\//);
  });

  test.each([
    ['Location', made, { headers: expect.not.objectContaining({ location: '/made/1' }) }],
    ['Retry-After', made, { headers: expect.not.objectContaining({ 'retry-after': '3' }) }],
    ['HoldOpen', held, { status: 200 }],
    ['HoldOpen-Run', held, { runUrl: undefined }],
    ['Link', held, { runUrl: undefined }],
  ])('would miss something without %s', async (name, work, less) => {
    expect(await toldAbroad(work, name)).toMatchObject(less);
  });

  test('a busy server of another origin is asked again when it says so', async () => {
    await using home = await chromium.serve();
    const headers = Object.fromEntries(corsHeaders(new URL(home.url).origin));
    const times: number[] = [];
    await using server = await RawServer.start((socket, { head }) => {
      if (head.startsWith('OPTIONS')) return socket.write(plain('', { headers }));
      times.push(performance.now());
      const busy = { status: 429, headers: { ...headers, 'Retry-After': '1' } };
      return socket.write(times.length === 1 ? plain('', busy) : plain('done', { headers }));
    });
    const page = await chromium.open(home.url);
    onTestFinished(() => page.close());
    const holdOpen = { retry: { baseMs: 5 } };
    const told = await page.do('tellAnswer', server.url, { ...POST, holdOpen });
    expect([told.status, told.text]).toEqual([200, 'done']);
    const [first = 0, second = 0] = times;
    expect(second - first).toBeGreaterThan(950);
  });
});

describe('a third origin', () => {
  const SECRETS = { Authorization: 'Bearer secret' };

  /** Answers preflights of whomever, and everything else as it is told. */
  async function serverOf(home: TestServer, answer: (head: string) => string) {
    const cors = corsHeaders(new URL(home.url).origin);
    return RawServer.start((socket, { head }) => {
      const said = head.startsWith('OPTIONS') ? plain('') : answer(head);
      const lines = cors.map(([name, value]) => `${name}: ${value}\r\n`).join('');
      socket.write(said.replace('\r\n', `\r\n${lines}`));
      if (!said.endsWith(END) && said.includes('chunked')) setTimeout(() => socket.end(), 50);
    });
  }

  /** Lets in whomever, and keeps what it is shown. */
  const stranger = () =>
    RawServer.start((socket) => {
      const headers = {
        'Access-Control-Allow-Origin': '*',
        'Access-Control-Allow-Headers':
          'Authorization, Content-Type, Idempotency-Key, HoldOpen-Run',
      };
      socket.write(plain('there', { headers }));
    });

  test('is not asked, whatever Link and Location say', async () => {
    await using home = await chromium.serve();
    await using third = await stranger();
    const headers = {
      Link: `<${third.url}runs/1>; rel="status"`,
      Location: `${third.url}runs/1`,
      'Content-Location': `${third.url}runs/1/events`,
      'HoldOpen-Run': 'hr1.secret',
    };
    let count = 0;
    await using server = await serverOf(home, () => {
      count += 1;
      const head = chunkedHead({ type: 'text/event-stream', headers });
      if (count === 1) return head + chunk('id: ho1.r.e.1\ndata: a\n\n');
      return head + chunk('id: ho1.r.e.2c\ndata: b\n\n') + END;
    });
    const page = await chromium.open(home.url);
    onTestFinished(() => page.close());
    const init = { ...POST, headers: SECRETS, holdOpen: KEYED };
    const read = await page.do('tellEvents', server.url, init);
    expect(read.map(([, , data]) => data)).toEqual(['a', 'b']);
    expect([count, third.connections]).toEqual([2, 0]);
  });

  test('is not asked by a place of a run that moves there', async () => {
    await using home = await chromium.serve();
    await using third = await stranger();
    const headers = { Link: '</runs/1>; rel="status"', 'HoldOpen-Run': 'hr1.secret' };
    const places: string[] = [];
    await using server = await serverOf(home, (head) => {
      const path = head.split(' ')[1] ?? '';
      places.push(path);
      if (path.startsWith('/runs/')) {
        return plain('', { status: 307, headers: { Location: third.url } });
      }
      return chunkedHead({ type: 'text/event-stream', headers }) + chunk(': x\n\n');
    });
    const page = await chromium.open(home.url);
    onTestFinished(() => page.close());
    await page.do('logIn', SECRETS);
    await page.do('watch', { url: server.url, init: POST, holdOpen: KEYED });
    await until('it gives up', async () => (await page.do('watched')).end !== undefined);
    expect((await page.do('watched')).end).toMatch(/^HOLDOPEN_/);
    expect(places).toContain('/runs/1/events');
    expect(third.connections).toBe(0);
  });

  test('is shown no credentials by a redirect of the request', async () => {
    await using home = await chromium.serve();
    await using third = await stranger();
    await using server = await serverOf(home, () =>
      plain('', { status: 307, headers: { Location: third.url } }),
    );
    const page = await chromium.open(home.url);
    onTestFinished(() => page.close());
    const headers = { ...POST.headers, ...SECRETS };
    const told = await page.do('tellAnswer', server.url, { ...POST, headers, holdOpen: KEYED });
    expect([told.status, told.text]).toEqual([200, 'there']);
    expect(third.requests.some(({ head }) => head.startsWith('POST '))).toBe(true);
    expect(third.requests.map(({ head }) => head).join()).not.toContain('secret');
  });
});

describe('a page that is loaded again', () => {
  test('goes on behind the last event that it has handled, and its work is done once', async () => {
    await using abroad = await Abroad.start((self) => numbers(6, self));
    const { page, server, path } = abroad;
    const watching = { url: path.url, init: POST, holdOpen: KEYED, keptAs: 'task' };
    await page.do('watch', watching);
    await abroad.hasSeen(3);
    const before = (await page.do('watched')).data;
    await page.page.reload();
    expect((await page.do('watched')).data).toEqual([]);
    await page.do('watch', watching);
    server.gate.open();
    expect(await abroad.ends()).toBe('the end');
    expect([...before, ...(await page.do('watched')).data]).toEqual(all(6));
    expect([server.starts, await page.do('kept', 'task')]).toEqual([1, null]);
  });

  test('gets the document that was made meanwhile', async () => {
    await using abroad = await Abroad.start(async ({ gate }) => {
      await gate.opened;
      return Response.json([1], { status: 201 });
    });
    const { page, server, path } = abroad;
    const left = page.do('tellKeptAnswer', path.url, 'task', POST).catch(() => 'left');
    await until('the work has begun', () => server.starts === 1);
    await page.page.reload();
    expect(await left).toBe('left');
    server.gate.open();
    const told = await page.do('tellKeptAnswer', path.url, 'task', POST);
    expect([told.status, told.text]).toEqual([201, '[1]']);
    expect([server.starts, await page.do('kept', 'task')]).toEqual([1, null]);
    const posts = abroad.asked.filter(({ method }) => method === 'POST');
    expect(new Set(posts.map(({ headers }) => headers.get('idempotency-key'))).size).toBe(1);
  });
});

describe('a tab that is frozen', () => {
  async function watching(): Promise<Abroad> {
    const abroad = await Abroad.start((self) => numbers(4, self));
    await abroad.page.do('watch', { url: abroad.path.url, init: POST, holdOpen: KEYED });
    await abroad.hasSeen(2);
    return abroad;
  }

  test.each(['stays', 'breaks'])(
    'has every event of a task that ended meanwhile, if its connection %s',
    async (connection) => {
      await using abroad = await watching();
      const { page, server, path } = abroad;
      const ticks = await page.do('ticks');
      const wake = await chromium.freeze();
      server.gate.open();
      if (connection === 'breaks') path.breakAll();
      await quiet(800);
      wake();
      // One comes every 20 ms.
      expect((await page.do('ticks')) - ticks).toBeLessThan(30);
      expect(await abroad.ends()).toBe('the end');
      expect((await page.do('watched')).data).toEqual(all(4));
      expect(server.starts).toBe(1);
    },
  );

  test('asks for its task when it wakes up, and does not wait for a connection that is dead', async () => {
    await using abroad = await watching();
    const { page, server, path } = abroad;
    const wake = await chromium.freeze();
    path.isMute = true;
    server.gate.open();
    // A timer of at most 5 s has to be more than 4 s late.
    await quiet(10_000);
    path.isMute = false;
    const before = abroad.asked.length;
    wake();
    expect(await abroad.ends()).toBe('the end');
    expect((await page.do('watched')).data).toEqual(all(4));
    const since = abroad.asked
      .slice(before)
      .map(({ path }) => path.replace(/runs\/[^/]+/, 'runs/x'));
    expect([since[0], since.at(-1)]).toEqual(['/runs/x', '/runs/x/events']);
  });
});

describe('a browser that is offline', () => {
  // Without its own word that it is online again nothing would come for a minute.
  const SLOWLY = { baseMs: 60_000, maxMs: 60_000, maxAttempts: 3 };

  test('has every event once when it is online again', async () => {
    await using abroad = await Abroad.start((self) => numbers(4, self));
    const { page, server, path } = abroad;
    const holdOpen = { idempotencyKey: true, retry: SLOWLY };
    await page.do('watch', { url: path.url, init: POST, holdOpen });
    await abroad.hasSeen(2);
    // What streams already goes on in Chromium's idea of it, so that it needs a hand.
    await page.context.setOffline(true);
    path.breakAll();
    const isNoticed = async () => (await page.do('watched')).states.includes('reconnecting');
    await until('it is noticed', isNoticed);
    server.gate.open();
    await quiet(600);
    await page.context.setOffline(false);
    expect(await abroad.ends()).toBe('the end');
    const { data, states } = await page.do('watched');
    expect(data).toEqual(all(4));
    expect(states.slice(0, 3)).toEqual(['connecting', 'live', 'reconnecting']);
    expect(states.slice(-2)).toEqual(['live', 'completed']);
    expect(server.starts).toBe(1);
  });

  test('has its document when it is online again, and its work is done once', async () => {
    await using abroad = await Abroad.start(async ({ gate }) => {
      await gate.opened;
      return Response.json([1], { status: 201 });
    });
    const { page, server, path } = abroad;
    const holdOpen = { idempotencyKey: true, retry: SLOWLY };
    const asked = page.do('tellAnswer', path.url, { ...POST, holdOpen });
    await until('the work has begun', () => server.starts === 1);
    const { carried } = path;
    await until('its head has left', () => path.carried > carried);
    await page.context.setOffline(true);
    path.breakAll();
    server.gate.open();
    await quiet(600);
    await page.context.setOffline(false);
    const told = await asked;
    expect([told.status, told.text, server.starts]).toEqual([201, '[1]', 1]);
  });
});
