import net from 'node:net';
import { createAdaptorServer, serve, upgradeWebSocket } from '@hono/node-server';
import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { every, except, some } from 'hono/combine';
import { cors } from 'hono/cors';
import { describe, expect, onTestFinished, test } from 'vitest';
import { getHold, type HoldHandle, holdOpen } from '../../src/index.js';
import {
  ask,
  held,
  QUICK,
  type Question,
  type Reply,
  reached,
  readHeldJson,
  serveApp,
  until,
  warnings,
} from '../support/index.js';

const ON = { firstBeatMs: 20, intervalMs: 60 } as const;
const SLOWER = { firstBeatMs: 20, intervalMs: 70 } as const;
const JSON_ONLY = { Accept: 'application/json' };

async function slow(c: Context): Promise<Response> {
  await held(c);
  return c.json({ path: c.req.path });
}

async function untouched(c: Context): Promise<Response> {
  await reached(c, 'untouched');
  return c.json({ path: c.req.path });
}

function expectHeld(reply: Reply, intervalMs = ON.intervalMs as number): void {
  expect(reply.headers.holdopen).toBe(`interval=${intervalMs}, format=json`);
  expect(readHeldJson(reply.body).payload).toMatch(/^\{"path":"\/[^"]*"\}$/);
}

const get = (path: string, headers = {}): Question => ({ path, headers });

describe.each(['node', 'http2'] as const)('over %s, as middleware', (way) => {
  test('on a route it takes JSON for granted', async () => {
    const app = new Hono();
    app.get('/work/:id', holdOpen(ON), slow);
    expectHeld(await ask(way, app, get('/work/1')));
  });

  test('what a handler asks of its own app with its own environment is not this response', async () => {
    const app = new Hono();
    app.use('/inner/*', holdOpen(SLOWER), async (c, next) => {
      c.header('X-Inner', '1');
      await next();
    });
    app.get('/inner/page', (c) => c.html('<p>', 200, { 'Set-Cookie': 'inner=1' }));
    app.get('/work', holdOpen(ON), async (c) => {
      await Promise.all([1, 2].map(() => app.request('/inner/page', {}, c.env)));
      return slow(c);
    });
    app.get('/bare', async (c) =>
      c.text(await (await app.request('/inner/page', {}, c.env)).text()),
    );
    const reply = await ask(way, app, get('/work'));
    expectHeld(reply);
    expect(reply.headers).not.toHaveProperty('set-cookie');
    expect(reply.headers).not.toHaveProperty('x-inner');
    const bare = await ask(way, app, get('/bare'));
    expect(bare).toMatchObject({ status: 200, body: '<p>' });
    expect(bare.headers).not.toHaveProperty('holdopen');
  });

  test('on a path it takes JSON for granted', async () => {
    const app = new Hono();
    app.use('/work', holdOpen(ON));
    app.get('/work', slow);
    expectHeld(await ask(way, app, get('/work')));
  });

  test.each(['*', '/api/*'])('over %s it guesses nothing, and says what to do', async (pattern) => {
    const warned = warnings('HOLDOPEN_UNTOUCHED');
    const route = `/api/${way}-${pattern.length}/:id`;
    const app = new Hono();
    app.use(pattern, holdOpen(ON));
    app.get(route, (c) => (c.req.query('held') === undefined ? untouched(c) : slow(c)));
    app.get('*', (c) => c.text('fallback'));
    const path = route.replace(':id', '1');
    const plain = await ask(way, app, get(path));
    expect(plain.headers).not.toHaveProperty('holdopen');
    expect(JSON.parse(plain.body)).toEqual({ path });
    await until('it is warned of', () => warned.length > 0);
    expect(warned[0]?.message).toContain(`GET ${route}`);
    expectHeld(await ask(way, app, get(`${path}?held`, JSON_ONLY)));
  });

  test('by itself on a pattern with a method it guesses nothing', async () => {
    const app = new Hono();
    app.get('*', holdOpen(ON));
    app.get('/page', untouched);
    const plain = await ask(way, app, get('/page'));
    expect(plain.headers).not.toHaveProperty('holdopen');
    expect(JSON.parse(plain.body)).toEqual({ path: '/page' });
  });

  test('before the handler of a pattern it holds', async () => {
    const app = new Hono();
    app.get('/v1/*', holdOpen(ON), slow);
    expectHeld(await ask(way, app, get('/v1/work')));
  });

  test('not first, it holds, and headers from around it stand on the head', async () => {
    const app = new Hono();
    app.use(cors());
    app.use(async (c, next) => {
      c.header('X-Early', '1');
      await next();
    });
    app.use(holdOpen(ON));
    app.get('/work', slow);
    const reply = await ask(way, app, get('/work', JSON_ONLY));
    expectHeld(reply);
    expect(reply.headers).toMatchObject({ 'x-early': '1', 'access-control-allow-origin': '*' });
  });

  test('twice it is one hold, and the innermost options win', async () => {
    const holds: HoldHandle[] = [];
    const app = new Hono();
    app.use(holdOpen(ON), async (c, next) => {
      holds.push(c.get('holdOpen'));
      await next();
    });
    app.get('/work', holdOpen(SLOWER), (c) => {
      holds.push(c.get('holdOpen'));
      return slow(c);
    });
    expectHeld(await ask(way, app, get('/work')), SLOWER.intervalMs);
    expect(holds[0]).toBe(holds[1]);
  });

  test('switched off within, nothing is held', async () => {
    const app = new Hono();
    app.use(holdOpen({ ...ON, format: 'json' }));
    app.get('/work', holdOpen({ intervalMs: false }), async (c) => {
      await new Promise((resolve) => setTimeout(resolve, 3 * ON.intervalMs));
      return c.json({});
    });
    const reply = await ask(way, app, get('/work'));
    expect(reply.body).toBe('{}');
    expect(reply.headers).not.toHaveProperty('holdopen');
  });

  test.each([
    ['without its own onError', false],
    ['with its own onError', true],
  ])('in a sub-app %s', async (_title, ownOnError) => {
    const sub = new Hono();
    sub.use(holdOpen(ON));
    sub.get('/work', slow);
    sub.get('/route', holdOpen(SLOWER), slow);
    if (ownOnError) sub.onError((_error, c) => c.text('sub', 500));
    const app = new Hono();
    app.route('/sub', sub);
    expectHeld(await ask(way, app, get('/sub/work', JSON_ONLY)));
    expectHeld(await ask(way, app, get('/sub/route')), SLOWER.intervalMs);
  });

  test('under a base path', async () => {
    const app = new Hono().basePath('/base');
    app.use(holdOpen(ON));
    app.get('/work', slow);
    expectHeld(await ask(way, app, get('/base/work', JSON_ONLY)));
  });

  test('in an app that is mounted in another one, the headers of both stand on the head', async () => {
    const child = new Hono();
    child.use(async (c, next) => {
      c.header('X-Child', '1');
      await next();
    });
    child.get('/work', holdOpen(SLOWER), slow);
    const app = new Hono();
    app.use(holdOpen(ON), cors());
    app.mount('/child', child.fetch);
    const reply = await ask(way, app, get('/child/work'));
    expectHeld(reply, SLOWER.intervalMs);
    expect(reply.headers).toMatchObject({ 'x-child': '1', 'access-control-allow-origin': '*' });
  });

  test('around a fetch handler that is mounted', async () => {
    const app = new Hono();
    app.use(holdOpen({ ...ON, format: 'json' }));
    let hold: HoldHandle | undefined;
    app.use(async (c, next) => {
      hold = c.get('holdOpen');
      await next();
    });
    app.mount('/other', async (request) => {
      await until('it is held', () => hold?.state === 'held');
      return Response.json({ path: new URL(request.url).pathname });
    });
    expectHeld(await ask(way, app, get('/other/a')));
  });

  const combined: [string, MiddlewareHandler][] = [
    ['every', every(cors(), holdOpen(ON))],
    ['some', some(holdOpen(ON), cors())],
    ['except', except('/health', holdOpen(ON))],
  ];
  test.each(combined)('within %s', async (_name, middleware) => {
    const app = new Hono();
    app.use(middleware);
    app.get('/work', slow);
    expectHeld(await ask(way, app, get('/work', JSON_ONLY)));
  });
});

describe.each(['node', 'http2'] as const)('over %s, around an app', (way) => {
  test('it guesses nothing, and handlers reach their hold', async () => {
    const app = new Hono();
    app.get('/work', slow);
    app.get('/page', untouched);
    expectHeld(await ask(way, holdOpen(app, ON), get('/work', JSON_ONLY)));
    const plain = await ask(way, holdOpen(app, ON), get('/page'));
    expect(plain).toMatchObject({ status: 200, body: '{"path":"/page"}' });
  });

  test('options on a route win', async () => {
    const app = new Hono();
    app.get('/work', holdOpen(SLOWER), slow);
    expectHeld(await ask(way, holdOpen(app, ON), get('/work')), SLOWER.intervalMs);
  });

  test('headers come from its option', async () => {
    const app = new Hono();
    app.get('/work', slow);
    const headers = (request: Request) => ({ 'X-Path': new URL(request.url).pathname });
    const reply = await ask(way, holdOpen(app, { ...ON, headers }), get('/work', JSON_ONLY));
    expect(reply.headers).toMatchObject({ 'x-path': '/work' });
    expectHeld(reply);
  });

  test('conditions are hidden from a handler that asks late', async () => {
    const app = new Hono();
    app.get('/work', async (c) => {
      c.req.header();
      await held(c);
      if (c.req.header('If-None-Match') !== undefined) return c.body(null, 304);
      if (c.req.header('If-Modified-Since') !== undefined) return c.body(null, 304);
      return c.json({ path: c.req.path });
    });
    const conditions = { 'If-None-Match': '"a"', 'If-Modified-Since': new Date().toUTCString() };
    const question = get('/work', { ...JSON_ONLY, ...conditions });
    expectHeld(await ask(way, holdOpen(app, ON), question));
  });
});

test('serve and createAdaptorServer take an app that is wrapped', async () => {
  const app = new Hono();
  app.get('/work', slow);
  const wrapped = holdOpen(app, ON);
  const servers = [serve({ ...wrapped, port: 0 }), createAdaptorServer(wrapped)];
  servers[1]?.listen(0);
  for (const server of servers) {
    onTestFinished(() => void server.close());
    await until('it listens', () => server.address() !== null);
    const { port } = server.address() as net.AddressInfo;
    const response = await fetch(`http://localhost:${port}/work`, { headers: JSON_ONLY });
    expect(response.headers.get('holdopen')).toBe('interval=60, format=json');
    expect(await response.json()).toEqual({ path: '/work' });
  }
});

test.each([
  ['first', false],
  ['not first', true],
])('a WebSocket upgrade passes, mounted %s', async (_title, behind) => {
  const refused = warnings('HOLDOPEN_WRONG_MOUNT');
  const states: string[] = [];
  const app = new Hono();
  if (behind) app.use(async (_c, next) => await next());
  app.use(holdOpen({ ...QUICK, format: 'json' }));
  app.get(
    '/socket',
    async (c, next) => {
      states.push(c.get('holdOpen').state, getHold(c).state);
      await next();
    },
    upgradeWebSocket(() => ({})),
  );
  const server = createAdaptorServer({
    fetch: app.fetch,
    websocket: { server: fakeSocketServer() },
  });
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const client = net.connect((server.address() as net.AddressInfo).port);
  onTestFinished(() => void client.destroy());
  let text = '';
  client.on('data', (bytes) => {
    text += String(bytes);
  });
  client.write(
    'GET /socket HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n',
  );
  await until('it is answered', () => text.includes('\r\n\r\n'));
  expect(text).toBe('HTTP/1.1 101 Switching Protocols\r\n\r\n');
  expect(states).toEqual(['off', 'off']);
  expect(refused).toEqual([]);
});

type SocketServer = NonNullable<Parameters<typeof createAdaptorServer>[0]['websocket']>['server'];

/** As much of a `WebSocketServer` of ws as a handshake needs. */
function fakeSocketServer(): SocketServer {
  const server = {
    options: { noServer: true },
    on() {},
    off() {},
    emit() {},
    close() {},
    handleUpgrade: (_request: unknown, socket: net.Socket) =>
      void socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n'),
  };
  return server as unknown as SocketServer;
}

test('a body that comes in slowly is no silence', async () => {
  const app = new Hono();
  app.use(holdOpen({ ...QUICK, format: 'json' }));
  let hold: HoldHandle | undefined;
  app.post('/upload', async (c) => {
    hold = c.get('holdOpen');
    return c.text(await c.req.text());
  });
  const client = await (await serveApp(app)).connect();
  client.send(
    'POST /upload HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 20\r\n\r\n',
  );
  for (let i = 0; i < 10; i++) {
    await new Promise((resolve) => setTimeout(resolve, QUICK.firstBeatMs));
    expect(hold?.state ?? 'waiting').toBe('waiting');
    client.send('ab');
  }
  const response = await client.response();
  expect(response).toMatchObject({ status: 200, body: 'ab'.repeat(10) });
});
