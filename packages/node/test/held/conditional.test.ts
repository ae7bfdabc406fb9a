import express from 'express';
import { expect, test } from 'vitest';
import { holdOpen } from '../../src/index.js';
import { ask } from './support/ask.js';
import { readHeldJson } from './support/payload.js';
import { QUICK, serve, serveHeld } from './support/serve.js';
import { held } from './support/wait.js';

const CONDITIONS = {
  'If-None-Match': '"v1"',
  'If-Modified-Since': 'Mon, 01 Jan 2035 00:00:00 GMT',
  Range: 'bytes=0-3',
  'If-Range': '"v1"',
};

test('conditions and ranges are there before the commit and gone after it', async () => {
  const seen: unknown[] = [];
  const names = Object.keys(CONDITIONS).map((name) => name.toLowerCase());
  const served = await serveHeld(async (req, res) => {
    seen.push(names.filter((name) => name in req.headers));
    await held(req);
    seen.push(names.filter((name) => name in req.headers));
    res.end('{}');
  });
  await ask(served, { headers: CONDITIONS });
  expect(seen).toEqual([names, []]);
});

test.each([
  ['some', { 'Accept-Encoding': 'gzip, br' }],
  ['none', {}],
])(
  'after the commit nothing but plain text is acceptable to a client that names %s codings',
  async (_name, headers) => {
    let accepted: unknown;
    const served = await serveHeld(async (req, res) => {
      await held(req);
      accepted = req.headers['accept-encoding'];
      res.end('{}');
    });
    await ask(served, { headers });
    expect(accepted).toBe('identity');
  },
);

test('Express answers a conditional request late with the whole document', async () => {
  const app = express();
  app.get('/thing', holdOpen(QUICK), async (req, res) => {
    await held(req);
    res.set('ETag', '"v1"').json({ a: 'whole' });
  });
  const served = await serve(app);
  const reply = await ask(served, { path: '/thing', headers: CONDITIONS });
  expect(reply.ended).toBe('complete');
  expect(readHeldJson(reply.body)).toMatchObject({
    lateHead: undefined,
    payload: '{"a":"whole"}',
  });
});

test('Express still answers it with 304 before the commit', async () => {
  const app = express();
  app.get('/thing', holdOpen(QUICK), (_req, res) => {
    res.set('ETag', '"v1"').json({ a: 'whole' });
  });
  const served = await serve(app);
  const headers = { 'If-None-Match': '"v1"', Connection: 'close' };
  const reply = await ask(served, { path: '/thing', headers });
  expect(reply.status).toBe(304);
});

test('a file that Express sends late comes whole, without a range', async () => {
  const app = express();
  app.get('/file', holdOpen(QUICK), async (req, res) => {
    await held(req);
    res.type('json');
    res.sendFile(new URL('../../package.json', import.meta.url).pathname);
  });
  const served = await serve(app);
  const reply = await ask(served, { path: '/file', headers: CONDITIONS });
  expect(reply.ended).toBe('complete');
  expect(JSON.parse(reply.body)).toMatchObject({ name: '@holdopen/node' });
});

test('a late part of a document is a failure', async () => {
  const served = await serveHeld(async (req, res) => {
    await held(req);
    res.writeHead(206, { 'Content-Type': 'application/json', 'Content-Range': 'bytes 0-1/9' });
    res.end('[1');
  });
  const reply = await ask(served);
  expect(reply.ended).toBe('cut');
  expect(readHeldJson(reply.body).lateHead?.status).toBe(500);
  expect(reply.body).toContain('a part of its document');
});
