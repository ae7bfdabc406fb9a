// A response whose prototype or request is another one than when it was mounted.
import http, { type IncomingMessage } from 'node:http';
import { holdOpen as wrapListener } from '@holdopen/node';
import type { RequestHandler } from 'express';
import { describe, expect, test } from 'vitest';
import { holdOpen } from '../src/index.js';
import { ask, QUICK, quiet, readHeldJson, serve, until, VERSIONS } from './support/index.js';

const flushed: RequestHandler = (_req, res) => {
  res.set({ 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' }).flushHeaders();
  void quiet(200).then(() => res.end('data: done\n\n'));
};
const pieces: RequestHandler = (_req, res) => {
  res.write('{"a":');
  res.end('1}');
};

describe.each(VERSIONS)('in $name', ({ express }) => {
  test.each([
    ['by its parent', []],
    ['on its own route', [holdOpen(QUICK)]],
  ])('an app that is called as a function is held %s', async (_title, own) => {
    const inner = express().get('/flushed', ...own, flushed);
    inner.get('/json', ...own, (_req, res) => {
      void quiet(70).then(() => res.json({ done: true }));
    });
    const app = express().use(holdOpen(QUICK));
    app.use((req, res, next) => inner(req, res, next));
    const served = await serve(app);
    const stream = await ask(served, { path: '/flushed' });
    expect(stream.body).toMatch(/^: holdopen interval=60\n\n(.*\n\n)*data: done\n\n$/);
    const json = await ask(served, { path: '/json', headers: { Accept: 'application/json' } });
    expect(readHeldJson(json.body)).toMatchObject({ payload: '{"done":true}' });
  });

  test('an app under two paths is held under both, whichever was asked first', async () => {
    const sub = express().get('/own', holdOpen(QUICK), flushed).get('/flushed', flushed);
    const app = express().use('/second', holdOpen(QUICK), sub).use('/first', sub);
    const served = await serve(app);
    for (const path of ['/first/own', '/second/flushed', '/first/own', '/second/own']) {
      expect((await ask(served, { path })).body).toContain(': holdopen');
    }
    expect((await ask(served, { path: '/first/flushed' })).body).toBe('data: done\n\n');
  });

  test('functions that an app puts on its responses after the first request are called once', async () => {
    const app = express().get('/', holdOpen(), pieces);
    const served = await serve(app);
    await ask(served);
    let calls = 0;
    const { write } = app.response;
    app.response.write = function patched(this: unknown, ...args: unknown[]) {
      calls += 1;
      return Reflect.apply(write, this, args) as boolean;
    };
    expect(await ask(served)).toMatchObject({ ended: 'complete', body: '{"a":1}' });
    expect(calls).toBe(1);
  });

  test('a mounted app’s own function may call that of its parent', async () => {
    const app = express().get('/parent', holdOpen(), pieces);
    const sub = express().get('/route', holdOpen(), pieces);
    app.use('/sub', sub);
    let calls = 0;
    sub.response.write = function own(this: unknown, ...args: unknown[]) {
      calls += 1;
      return Reflect.apply(app.response.write, this, args) as boolean;
    };
    const served = await serve(app);
    await ask(served, { path: '/parent' });
    expect(await ask(served, { path: '/sub/route' })).toMatchObject({ body: '{"a":1}' });
    expect(calls).toBe(1);
  });

  test('an app that is given another request for the response answers', async () => {
    const app = express().get('/new', (_req, res) => void res.json({ ok: true }));
    app.get('/slow', holdOpen(QUICK), (_req, res) => {
      void quiet(70).then(() => res.json({ slow: true }));
    });
    const rewritten = (req: IncomingMessage, url: string): IncomingMessage => {
      const other = new http.IncomingMessage(req.socket);
      const { headers, httpVersion, httpVersionMajor, httpVersionMinor } = req;
      return Object.assign(other, {
        method: 'GET',
        url,
        headers,
        httpVersion,
        httpVersionMajor,
        httpVersionMinor,
        complete: true,
      });
    };
    const served = await serve(
      wrapListener((req, res) => app(rewritten(req, req.url?.replace('/old', '') ?? '/'), res), {
        firstBeatMs: 5_000,
        intervalMs: 5_000,
      }),
    );
    expect(await ask(served, { path: '/old/new' })).toMatchObject({ body: '{"ok":true}' });
    const slow = await ask(served, { path: '/old/slow' });
    await until('it ends', () => slow.ended === 'complete');
    expect(JSON.parse(slow.body)).toEqual({ slow: true });
  });
});
