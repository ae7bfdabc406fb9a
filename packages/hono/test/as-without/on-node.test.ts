// Before its first beat holdopen is not there: the apps of Hono's documentation answer with the same
// bytes as behind a middleware that does nothing.
import { serveStatic } from '@hono/node-server/serve-static';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono, type MiddlewareHandler } from 'hono';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type FetchApp, holdOpen } from '../../src/index.js';
import { requestText, serveApp } from '../support/index.js';
import { type DocumentedApp, FILES, get, line } from './app.js';
import { APPS } from './index.js';

const ALL: readonly DocumentedApp[] = [
  ...APPS,
  {
    title: 'static files',
    build(app) {
      app.use(
        '/static/*',
        serveStatic({ root: FILES, rewriteRequestPath: (path) => path.slice(7) }),
      );
      app.get('*', (c) => c.text('none', 404));
    },
    requests: [
      get('/static/index.html'),
      get('/static/data.json'),
      get('/static/data.json', { Range: 'bytes=2-7' }),
      get('/static/lost.txt'),
      { method: 'HEAD', path: '/static/index.html' },
    ],
  },
  {
    title: 'the Node response by itself',
    build(app) {
      app.get('/', (c) => {
        const { outgoing } = c.env as unknown as { outgoing: import('node:http').ServerResponse };
        outgoing.writeHead(200, { 'Content-Type': 'text/plain', 'X-Raw': '1' });
        outgoing.end('Hello World\n');
        return RESPONSE_ALREADY_SENT;
      });
    },
    requests: [get('/')],
  },
];

beforeEach(() => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
});
afterEach(() => void vi.restoreAllMocks());

const empty: MiddlewareHandler = async (_c, next) => {
  await next();
};

async function bytesOf(documented: DocumentedApp, app: FetchApp): Promise<Record<string, string>> {
  const bytes: Record<string, string> = {};
  const served = await serveApp(app);
  for (const question of documented.requests) {
    const client = await served.connect();
    const headers = { ...question.headers, Connection: 'close' };
    client.send(requestText({ ...question, headers }));
    await client.response();
    const text = client.received.toString('latin1');
    expect(text).toMatch(/^HTTP\/1\.1 \d{3} /);
    bytes[line(question)] = text.replace(/^Date: [^\r]*\r\n/im, '');
  }
  return bytes;
}

function build(documented: DocumentedApp, middleware?: MiddlewareHandler): Hono {
  const app = new Hono();
  if (middleware !== undefined) app.use(middleware);
  documented.build(app);
  return app;
}

test('there are enough of them', () => {
  expect(new Set(ALL.map(({ title }) => title)).size).toBe(ALL.length);
  expect(ALL.length).toBeGreaterThanOrEqual(60);
});

test.each(ALL)('$title: nothing changes', async (documented) => {
  let watched = 0;
  const bare = await bytesOf(documented, build(documented, empty));
  const app = new Hono();
  app.use(holdOpen(), async (c, next) => {
    if (c.get('holdOpen').state === 'waiting') watched += 1;
    await next();
  });
  documented.build(app);
  const held = await bytesOf(documented, app);
  expect(held).toEqual(bare);
  expect(watched).toBeGreaterThanOrEqual(documented.requests.length);
});

test.each(ALL)('$title: nothing changes around the app', async (documented) => {
  const bare = await bytesOf(documented, build(documented));
  expect(await bytesOf(documented, holdOpen(build(documented)))).toEqual(bare);
});

describe('a careless middleware is noticed', () => {
  const careless: [string, MiddlewareHandler][] = [
    [
      'a header too many',
      async (c, next) => {
        c.header('X-A', 'b');
        await next();
      },
    ],
    [
      'an answer made again',
      async (c, next) => {
        await next();
        c.res = new Response(c.res.body, c.res);
      },
    ],
    ['what next() gives', async (_c, next) => (await next()) as never],
  ];
  test.each(careless)('%s', async (_fault, middleware) => {
    const differences = await Promise.all(
      ALL.slice(0, 25).map(async (documented) => {
        const bare = await bytesOf(documented, build(documented, empty));
        const other = await bytesOf(documented, build(documented, middleware));
        return JSON.stringify(bare) !== JSON.stringify(other);
      }),
    );
    expect(differences).toContain(true);
  });
});
