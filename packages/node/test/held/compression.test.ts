import type { IncomingMessage, ServerResponse } from 'node:http';
import { gunzipSync, gzipSync } from 'node:zlib';
import compression from 'compression';
import express, { type Request, type RequestHandler, type Response } from 'express';
import { describe, expect, test } from 'vitest';
import { holdOpen } from '../../src/index.js';
import { ask, requestText } from './support/ask.js';
import { readHeldJson } from './support/payload.js';
import { QUICK, type Served, serve } from './support/serve.js';
import { held, quiet, until } from './support/wait.js';
import { readResponse } from './support/wire.js';

const DOCUMENT = { text: 'compressible '.repeat(500) };
const GZIP = { 'Accept-Encoding': 'gzip' };

/** `compression` outside holdOpen, or inside it. */
function compressedApp(where: 'outside' | 'inside', handler: RequestHandler): Promise<Served> {
  const app = express();
  const keepOpen = holdOpen({ ...QUICK, format: 'json' });
  if (where === 'outside') app.use(compression(), keepOpen);
  else app.use(keepOpen, compression());
  app.get('/', handler);
  return serve(app);
}

describe.each(['outside', 'inside'] as const)('with compression %s', (where) => {
  test('a fast answer is compressed as ever', async () => {
    const served = await compressedApp(where, (_req, res) => void res.json(DOCUMENT));
    const reply = await ask(served, { headers: GZIP });
    expect(reply.headers).toMatchObject({ 'content-encoding': 'gzip' });
    expect(reply.headers).not.toHaveProperty('holdopen');
    expect(JSON.parse(gunzipSync(reply.bytes).toString())).toEqual(DOCUMENT);
  });

  test('a held answer is plain text, with its beats', async () => {
    const served = await compressedApp(where, async (req, res) => {
      await held(req);
      await quiet(150);
      res.json(DOCUMENT);
    });
    const reply = await ask(served, { headers: GZIP });
    expect(reply.headers).not.toHaveProperty('content-encoding');
    expect(reply.ended).toBe('complete');
    const { beats, payload } = readHeldJson(reply.body);
    expect(beats).toBeGreaterThanOrEqual(2);
    expect(JSON.parse(payload)).toEqual(DOCUMENT);
  });

  test('a late failure is cut', async () => {
    const served = await compressedApp(where, async (req, res) => {
      await held(req);
      res.status(409).json(DOCUMENT);
    });
    const reply = await ask(served, { headers: GZIP });
    expect(reply.ended).toBe('cut');
    expect(readHeldJson(reply.body).lateHead?.status).toBe(409);
    expect(JSON.parse(`${reply.body}}`)).toEqual(DOCUMENT);
  });

  test('a document that is streamed late, against back-pressure, arrives', async () => {
    const pieces = 300;
    const served = await compressedApp(where, async (req, res) => {
      await held(req);
      res.type('json');
      res.write('["');
      for (let i = 0; i < pieces; i++) {
        if (!res.write('y'.repeat(50_000))) {
          await new Promise<void>((resolve) => void res.once('drain', resolve));
        }
      }
      res.end('"]');
    });
    const reply = await ask(served, { headers: GZIP });
    expect(readHeldJson(reply.body).payload.length).toBe(pieces * 50_000 + 4);
  });
});

test('an event stream inside a compressor gets its beats at once, at boundaries only', async () => {
  let stop = false;
  const served = await compressedApp('outside', async (_req, res) => {
    res.writeHead(200, { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
    res.write('data: one\n\n');
    (res as unknown as { flush(): void }).flush();
    await until('the test is done', () => stop);
    res.end('data: two\n\n');
  });
  const client = await served.connect();
  client.send(requestText({ headers: GZIP }));
  const unzipped = (): string => {
    const body = readResponse(client.received)?.bytes;
    if (body === undefined || body.length === 0) return '';
    // What came is a beginning; Z_SYNC_FLUSH takes it.
    return gunzipSync(body, { finishFlush: 2 }).toString();
  };
  await until('three beats arrive while the stream is silent', () => {
    const text = unzipped();
    return text.split(': ').length > 3;
  });
  stop = true;
  const response = await client.response();
  expect(response.headers['content-encoding']).toBe('gzip');
  const text = gunzipSync(response.bytes).toString();
  expect(text).toMatch(/^data: one\n\n: holdopen interval=60\n\n(: keepalive\n\n)+data: two\n\n$/);
  expect(response.complete).toBe(true);
});

test('an event stream that a compressor inside encodes is left alone', async () => {
  const served = await compressedApp('inside', async (_req, res) => {
    res.writeHead(200, { 'Content-Type': 'text/event-stream' });
    res.write('data: one\n\n');
    (res as unknown as { flush(): void }).flush();
    await quiet(250);
    res.end('data: two\n\n');
  });
  const reply = await ask(served, { headers: GZIP });
  expect(reply.headers['content-encoding']).toBe('gzip');
  expect(gunzipSync(reply.bytes).toString()).toBe('data: one\n\ndata: two\n\n');
});

test('an event stream inside a compressor that fails in the middle of an event is cut at once', async () => {
  const served = await serve(
    (() => {
      const compress = compression();
      const listener = holdOpen(
        async (_req: IncomingMessage, res: ServerResponse) => {
          res.writeHead(200, { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
          res.write('data: one\n\n');
          await quiet(200);
          res.write('data: two\n');
          throw new Error('late');
        },
        { ...QUICK, onLateOutcome() {} },
      );
      return (req: IncomingMessage, res: ServerResponse) => {
        // Its types are Express's; it needs nothing of them.
        compress(req as Request, res as Response, () => void listener(req, res));
      };
    })(),
  );
  const start = performance.now();
  const client = await served.connect();
  client.send(requestText({ headers: GZIP }));
  await client.close();
  expect(performance.now() - start).toBeLessThan(3_000);
  const response = readResponse(client.received);
  expect(response?.headers['content-encoding']).toBe('gzip');
  expect(response?.complete).toBe(false);
});

test('inside compression a body that its handler has encoded itself is left alone', async () => {
  const encoded = gzipSync('data: x\n\n');
  const app = express();
  app.use(compression());
  app.use(holdOpen(QUICK));
  app.get('/', async (_req, res) => {
    res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Content-Encoding': 'gzip' });
    res.flushHeaders();
    await quiet(200);
    res.write(encoded.subarray(0, 5));
    await quiet(200);
    res.end(encoded.subarray(5));
  });
  const served = await serve(app);
  const reply = await ask(served, { headers: { 'Accept-Encoding': 'gzip' } });
  expect(gunzipSync(reply.bytes).toString()).toBe('data: x\n\n');
});
