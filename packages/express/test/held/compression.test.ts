import { gunzipSync } from 'node:zlib';
import compression from 'compression';
import type { RequestHandler } from 'express';
import { describe, expect, test } from 'vitest';
import { holdOpen } from '../../src/index.js';
import {
  ask,
  type ExpressModule,
  held,
  QUICK,
  quiet,
  readHeldJson,
  readResponse,
  requestText,
  type Served,
  serve,
  until,
  VERSIONS,
} from '../support/index.js';

const DOCUMENT = { text: 'compressible '.repeat(500) };
const GZIP = { 'Accept-Encoding': 'gzip' };

describe.each(VERSIONS)('in $name', ({ express }) => {
  describe.each(['before', 'after'] as const)('with compression mounted %s holdopen', (where) => {
    test('a quick answer is compressed as without holdopen, byte by byte', async () => {
      const answer: RequestHandler = (_req, res) => void res.json(DOCUMENT);
      const app = express();
      app.use(compression());
      app.get('/', answer);
      const bare = await ask(await serve(app), { headers: GZIP });
      const reply = await ask(await compressedApp(express, where, answer), { headers: GZIP });
      expect(bare.headers['content-encoding']).toBe('gzip');
      expect(withoutDate(reply.head)).toBe(withoutDate(bare.head));
      expect(reply.bytes.equals(bare.bytes)).toBe(true);
    });

    test('a held answer is plain text, whatever the client accepts', async () => {
      const served = await compressedApp(express, where, async (req, res) => {
        await held(req);
        await quiet(150);
        res.json(DOCUMENT);
      });
      const reply = await ask(served, { headers: GZIP });
      expect(reply.headers).not.toHaveProperty('content-encoding');
      expect(reply.headers['cache-control']).toBe('no-store, no-transform');
      const { beats, payload } = readHeldJson(reply.body);
      expect(beats).toBeGreaterThanOrEqual(2);
      expect(JSON.parse(payload)).toEqual(DOCUMENT);
    });

    test('a late failure is cut, with its status', async () => {
      const served = await compressedApp(express, where, async (req, res) => {
        await held(req);
        res.status(409).json(DOCUMENT);
      });
      const reply = await ask(served, { headers: GZIP });
      expect(reply.ended).toBe('cut');
      expect(readHeldJson(reply.body).lateHead?.status).toBe(409);
      expect(JSON.parse(`${reply.body}}`)).toEqual(DOCUMENT);
    });
  });

  test('an event stream that compression encodes gets its beats at once, flushed, between events', async () => {
    let stop = false;
    const served = await compressedApp(express, 'before', async (_req, res) => {
      res.set({ 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
      res.write('data: one\n\n');
      (res as typeof res & { flush(): void }).flush();
      await until('the test is done', () => stop);
      res.end('data: two\n\n');
    });
    const client = await served.connect();
    client.send(requestText({ headers: GZIP }));
    await until('three beats arrive in the silence', () => {
      const bytes = readResponse(client.received)?.bytes;
      if (bytes === undefined || bytes.length === 0) return false;
      // What came is a beginning; Z_SYNC_FLUSH takes it.
      return gunzipSync(bytes, { finishFlush: 2 }).toString().split(': ').length > 4;
    });
    stop = true;
    const response = await client.response();
    expect(response.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(response.bytes).toString()).toMatch(
      /^data: one\n\n: holdopen interval=60\n\n(: keepalive\n\n)+data: two\n\n$/,
    );
  });

  test('an event stream that is encoded above holdopen is left alone', async () => {
    const served = await compressedApp(express, 'after', async (_req, res) => {
      res.set('Content-Type', 'text/event-stream').write('data: one\n\n');
      (res as typeof res & { flush(): void }).flush();
      await quiet(200);
      res.end('data: two\n\n');
    });
    const reply = await ask(served, { headers: GZIP });
    expect(gunzipSync(reply.bytes).toString()).toBe('data: one\n\ndata: two\n\n');
  });
});

function compressedApp(
  express: ExpressModule,
  where: 'before' | 'after',
  handler: RequestHandler,
): Promise<Served> {
  const app = express();
  const keepOpen = holdOpen({ ...QUICK, format: 'json' });
  if (where === 'before') app.use(compression(), keepOpen);
  else app.use(keepOpen, compression());
  app.get('/', handler);
  return serve(app);
}

function withoutDate(head: string): string {
  return head.replace(/\r\nDate: [^\r]*/, '');
}
