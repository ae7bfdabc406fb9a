import type { RequestHandler } from 'express';
import { describe, expect, test } from 'vitest';
import { holdOpen } from '../../src/index.js';
import {
  type ExpressModule,
  held,
  QUICK,
  quiet,
  type RawClient,
  readHeldJson,
  serve,
  VERSIONS,
} from '../support/index.js';

const TOO_LARGE = JSON.stringify({ text: 'x'.repeat(500) });
/** Several times the first beat's time. */
const PIECES = 6;
const PIECE_MS = 25;

describe.each(VERSIONS)('in $name', ({ express }) => {
  test.each([
    ['json', 'application/json', '{"name":"tobi","age":2}'],
    ['urlencoded', 'application/x-www-form-urlencoded', 'name=tobi&age=2'],
  ])('a %s body that comes slowly is not silence, and is parsed', async (_parser, type, body) => {
    const states: unknown[] = [];
    const client = await upload(express, (req, res) => {
      states.push(req.holdOpen?.state);
      res.status(201).json(req.body);
    });
    await sendSlowly(client, type, body);
    const response = await client.response();
    expect(states).toEqual(['waiting']);
    expect(response.status).toBe(201);
    expect(response.headers).not.toHaveProperty('holdopen');
    expect(JSON.parse(response.body)).toMatchObject({ name: 'tobi' });
  });

  test.each([
    ['malformed', 400, '{"name": tobi, "more": 1}'],
    ['too large', 413, TOO_LARGE],
  ])('a body that comes slowly and is %s is refused with %i', async (_how, status, body) => {
    const client = await upload(express, (_req, res) => void res.json({}));
    await sendSlowly(client, 'application/json', body);
    const response = await client.response();
    expect(response.status).toBe(status);
    expect(response.headers).not.toHaveProperty('holdopen');
  });

  test.each([
    ['malformed', 400, '{"name": tobi}'],
    ['too large', 413, TOO_LARGE],
  ])(
    'a body that is parsed after the commit and is %s is a late %i',
    async (_how, status, body) => {
      const app = express();
      app.set('env', 'test');
      const parse = express.json({ limit: 400 });
      app.post('/', holdOpen(QUICK), (req, res, next) => {
        void held(req).then(() => parse(req, res, next));
      });
      const client = await (await serve(app)).connect();
      client.send(head('application/json', body) + body);
      const response = await client.response();
      expect(response.status).toBe(200);
      expect(response.complete).toBe(false);
      expect(readHeldJson(response.body).lateHead?.status).toBe(status);
    },
  );

  test('a handler that is slow after a slow body is held, and has the body', async () => {
    const client = await upload(express, async (req, res) => {
      await held(req);
      res.json(req.body);
    });
    await sendSlowly(client, 'application/json', '{"name":"tobi"}');
    const response = await client.response();
    expect(readHeldJson(response.body)).toMatchObject({ payload: '{"name":"tobi"}' });
  });

  test('a client that waits for 100 Continue gets it, and is held', async () => {
    const client = await upload(express, async (req, res) => {
      await held(req);
      res.json(req.body);
    });
    const body = '{"name":"tobi"}';
    client.send(head('application/json', body, 'Expect: 100-continue\r\n'));
    await client.arrived('HTTP/1.1 100 Continue\r\n\r\n');
    client.send(body);
    await client.arrived('"tobi"}');
    expect(client.text).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
    expect(client.text.match(/HTTP\/1\.1/g)).toHaveLength(2);
  });
});

async function upload(express: ExpressModule, handler: RequestHandler): Promise<RawClient> {
  const app = express();
  app.set('env', 'test');
  app.post(
    '/',
    holdOpen({ firstBeatMs: 60, intervalMs: 60 }),
    express.json({ limit: 400 }),
    express.urlencoded({ extended: false }),
    handler,
  );
  return (await serve(app)).connect();
}

function head(type: string, body: string, more = ''): string {
  return `POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n${more}\r\n`;
}

async function sendSlowly(client: RawClient, type: string, body: string): Promise<void> {
  client.send(head(type, body));
  const size = Math.ceil(body.length / PIECES);
  for (let at = 0; at < body.length; at += size) {
    await quiet(PIECE_MS);
    client.send(body.slice(at, at + size));
  }
}
