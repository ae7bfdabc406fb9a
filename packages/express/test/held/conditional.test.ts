import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { holdOpen } from '../../src/index.js';
import { FILES } from '../documentation/app.js';
import { untilHeld } from '../support/held-app.js';
import { ask, type ExpressModule, QUICK, readHeldJson, serve, VERSIONS } from '../support/index.js';

const WHOLE = readFileSync(`${FILES}/data.json`, 'utf8');
const UNCHANGED = { 'If-None-Match': '*' };
const NOT_SINCE = { 'If-Modified-Since': 'Fri, 01 Jan 2100 00:00:00 GMT' };

/** Static files and documents, held by all routes or by none. */
function filesApp(express: ExpressModule, how: 'fast' | 'held') {
  const app = express();
  app.set('env', 'test');
  app.use(holdOpen({ ...QUICK, format: 'json', ...(how === 'fast' && { firstBeatMs: 60_000 }) }));
  if (how === 'held') app.use(untilHeld);
  app.get('/document', (_req, res) => void res.json({ a: 'document' }));
  app.get('/sent', (_req, res) => res.sendFile('data.json', { root: FILES }));
  app.get('/down', (_req, res) => res.download(`${FILES}/data.json`));
  app.use('/static', express.static(FILES));
  return serve(app);
}

describe.each(VERSIONS)('in $name', ({ express }) => {
  test.each([UNCHANGED, NOT_SINCE])('before the first beat %o is 304', async (headers) => {
    const served = await filesApp(express, 'fast');
    for (const path of ['/sent', '/static/data.json']) {
      expect(
        (await ask(served, { path, headers: { ...headers, Connection: 'close' } })).status,
      ).toBe(304);
    }
  });

  test.each([UNCHANGED, NOT_SINCE])(
    'after the commit %o is answered with the whole document',
    async (headers) => {
      const served = await filesApp(express, 'held');
      for (const path of ['/sent', '/down', '/static/data.json']) {
        const reply = await ask(served, { path, headers });
        expect(reply.ended).toBe('complete');
        expect(readHeldJson(reply.body)).toMatchObject({ lateHead: undefined, payload: WHOLE });
      }
      const reply = await ask(served, { path: '/document', headers });
      expect(readHeldJson(reply.body).payload).toBe('{"a":"document"}');
    },
  );

  test('after the commit a request that guards itself is refused, and its answer cannot be taken for one', async () => {
    const served = await filesApp(express, 'held');
    for (const path of ['/sent', '/static/data.json']) {
      const reply = await ask(served, { path, headers: { 'If-Match': '"other"' } });
      expect(reply.ended).not.toBe('complete');
      expect(readHeldJson(reply.body).lateHead).toMatchObject({ status: 412 });
    }
  });

  test('a part of a file is 206 before the first beat and the whole file after the commit', async () => {
    const part = { path: '/static/data.json', headers: { Range: 'bytes=0-3' } };
    const fast = await ask(await filesApp(express, 'fast'), part);
    expect(fast.status).toBe(206);
    expect(fast.body).toBe(WHOLE.slice(0, 4));
    const held = await ask(await filesApp(express, 'held'), part);
    expect(held.headers).not.toHaveProperty('content-range');
    expect(held.headers).not.toHaveProperty('accept-ranges');
    expect(readHeldJson(held.body).payload).toBe(WHOLE);
  });

  test('a held head has no ETag, no length and no date of change, even if they were set', async () => {
    const app = express();
    app.get('/', holdOpen(QUICK), (_req, res, next) => {
      res.set({ ETag: '"v1"', 'Last-Modified': 'Sat, 01 Jan 2000 00:00:00 GMT', 'X-Kept': 'yes' });
      res.set('Content-Length', '2');
      next();
    });
    app.get('/', untilHeld, (_req, res) => void res.json({}));
    const reply = await ask(await serve(app));
    for (const name of ['etag', 'last-modified', 'content-length']) {
      expect(reply.headers).not.toHaveProperty(name);
    }
    expect(reply.headers).toMatchObject({ 'x-kept': 'yes', 'x-powered-by': 'Express' });
    expect(readHeldJson(reply.body).payload).toBe('{}');
  });

  test('HEAD is never held, and says of a slow answer what GET would have', async () => {
    const app = express();
    app.get('/', holdOpen({ firstBeatMs: 0, intervalMs: 60 }), (_req, res) => {
      setTimeout(() => res.json({ a: 'document' }), 150);
    });
    const reply = await ask(await serve(app), {
      method: 'HEAD',
      headers: { Connection: 'close' },
    });
    expect(reply.headers).toMatchObject({ 'content-length': '16', etag: expect.any(String) });
    expect(reply.headers).not.toHaveProperty('holdopen');
    expect(reply.body).toBe('');
  });

  test('a file of another type is refused after the commit, not spliced in', async () => {
    const served = await filesApp(express, 'held');
    const reply = await ask(served, { path: '/static/index.html' });
    expect(reply.ended).toBe('cut');
    expect(reply.body).not.toContain('Hello from a file');
    expect(JSON.parse(`${reply.body}}`)).toMatchObject({
      completion_status: 500,
      code: 'wrong_type',
    });
  });
});
