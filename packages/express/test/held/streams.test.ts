import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { RequestHandler } from 'express';
import { describe, expect, test } from 'vitest';
import { type ExpressHoldOpenOptions, holdOpen } from '../../src/index.js';
import {
  ask,
  type ExpressModule,
  held,
  heldApp,
  post,
  QUICK,
  quiet,
  readHeldJson,
  requestText,
  type Served,
  serve,
  until,
  VERSIONS,
} from '../support/index.js';

const EVENTS = { Accept: 'text/event-stream' };

describe.each(VERSIONS)('in $name', ({ express }) => {
  test('an event stream gets beats in its gaps, between events and never inside one', async () => {
    let part = 0;
    const served = await streaming(express, async (_req, res) => {
      res.set({ 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
      res.flushHeaders();
      res.write('data: one\n\ndata: t');
      await until('the first part is enough', () => part === 1);
      res.write('wo\n\n');
      await until('the second part is enough', () => part === 2);
      res.end('data: three\n\n');
    });
    const client = await served.connect();
    client.send(requestText({ headers: EVENTS }));
    await client.arrived('data: t');
    await quiet(200);
    expect(client.text).not.toContain(': keepalive');
    part = 1;
    await client.arrived(': keepalive\n\n');
    part = 2;
    const { body, headers } = await client.response();
    expect(headers).not.toHaveProperty('holdopen');
    expect(headers['x-powered-by']).toBe('Express');
    expect(body).toMatch(
      /^data: one\n\ndata: two\n\n: holdopen interval=60\n\n(: keepalive\n\n)*data: three\n\n$/,
    );
  });

  test('a slow start of an event stream is held as one for a client that asks for it', async () => {
    const served = await streaming(express, async (req, res) => {
      await held(req);
      res.set('Content-Type', 'text/event-stream');
      res.write('data: one\n\n');
      res.end('data: two\n\n');
    });
    const reply = await ask(served, { headers: EVENTS });
    expect(reply.headers).toMatchObject({
      'content-type': 'text/event-stream',
      holdopen: 'interval=60, format=sse',
    });
    expect(reply.body).toMatch(/^(: [^\n]*\n\n)+data: one\n\ndata: two\n\n$/);
  });

  test('a client that accepts both gets a JSON answer as one event, an error with its status', async () => {
    const served = await streaming(express, async (req, res) => {
      await held(req);
      res.status(409).json({ why: 'busy' });
    });
    const reply = await ask(served, {
      headers: { Accept: 'application/json, text/event-stream' },
    });
    expect(reply.headers['content-type']).toBe('text/event-stream');
    expect(reply.body).toMatch(/: holdopen status=409\n(\n)?data: \{"why":"busy"\}\n\n$/);
  });

  test('an error in a stream that has begun is an event, and the end is clean', async () => {
    const served = await streaming(express, async (req, res, next) => {
      res.set({ 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
      res.write('data: one\n\n');
      await until('it has been silent', () => req.holdOpen?.state === 'streaming');
      next(new Error('late'));
    });
    const reply = await ask(served, { headers: EVENTS });
    expect(reply.body.startsWith('data: one\n\n')).toBe(true);
    // Express sees a head that the handler has sent itself, and closes the connection.
    expect(reply.ended).toBe('cut');
  });

  test('records are held where format asks for them, and otherwise pass', async () => {
    const records: RequestHandler = async (_req, res) => {
      res.type('application/x-ndjson').write('{"id":1}\n');
      await quiet(200);
      res.end('{"id":2}\n');
    };
    const asked = await ask(await streaming(express, records, { format: 'ndjson' }));
    expect(asked.body).toMatch(/^\{"id":1\}\n +\{"id":2\}\n$/);
    const passing = await ask(await streaming(express, records));
    expect(passing.body).toBe('{"id":1}\n{"id":2}\n');
  });

  test('a document that is streamed slowly has its beats between its tokens', async () => {
    const served = await streaming(express, async (_req, res) => {
      res.type('json').write('{"rows":[');
      await quiet(200);
      res.write('"a b');
      await quiet(150);
      res.end('c"]}');
    });
    const reply = await ask(served);
    expect(reply.ended).toBe('complete');
    expect(reply.body).toMatch(/^\{"rows":\[\s+"a bc"\]\}$/);
  });

  test('a source that is piped late arrives whole, against back-pressure', async () => {
    const rows = Array.from(
      { length: 200 },
      (_, i) => `${i === 0 ? '[' : ','}"${'x'.repeat(9_000)}"`,
    );
    const app = heldApp(express, async (_req, res) => {
      await pipeline(Readable.from([...rows, ']']), res.type('json'));
    });
    const reply = await post(app);
    expect(reply.ended).toBe('complete');
    expect(readHeldJson(reply.body).payload).toBe([...rows, ']'].join(''));
  });

  test('a piped source that fails late is cut, and every callback comes', async () => {
    const failed: unknown[] = [];
    const app = heldApp(express, (_req, res) => {
      const source = Readable.from(
        (async function* () {
          yield '{"rows":[1';
          await quiet(20);
          throw new Error('the source has gone');
        })(),
      );
      pipeline(source, res.type('json')).catch((error: unknown) => failed.push(error));
    });
    const reply = await post(app);
    expect(reply.ended).toBe('cut');
    expect(reply.body.trim()).toBe('{"rows":[1');
    await until('the pipeline has failed', () => failed.length > 0);
    expect(failed).toMatchObject([{ message: 'the source has gone' }]);
  });
});

function streaming(
  express: ExpressModule,
  handler: RequestHandler,
  options: ExpressHoldOpenOptions = {},
): Promise<Served> {
  const app = express();
  app.set('env', 'test');
  app.get('/', holdOpen({ ...QUICK, ...options }), handler);
  return serve(app);
}
