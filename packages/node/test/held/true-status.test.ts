// What log lines, spans and onResponse hooks are made of.
import express from 'express';
import morgan from 'morgan';
import onFinished from 'on-finished';
import { describe, expect, test } from 'vitest';
import { holdOpen } from '../../src/index.js';
import { ask } from './support/ask.js';
import { type Handler, QUICK, serve, serveHeld } from './support/serve.js';
import { held, until } from './support/wait.js';

const ENDS: [string, number, Handler, 'complete' | 'cut'][] = [
  [
    'a late 201',
    201,
    async (req, res) => {
      await held(req);
      res.writeHead(201).end('{}');
    },
    'complete',
  ],
  [
    'a late 422',
    422,
    async (req, res) => {
      await held(req);
      res.writeHead(422, { 'content-type': 'application/json' }).end('{"a":1}');
    },
    'cut',
  ],
  [
    'an error that is thrown',
    503,
    async (req) => {
      await held(req);
      throw Object.assign(new Error('thrown'), { status: 503 });
    },
    'cut',
  ],
];

describe.each(['HTTP/1.1', 'HTTP/1.0', 'TLS', 'h2c'] as const)('over %s', (transport) => {
  test.each(ENDS)(
    'finish, close and on-finished tell the truth of %s',
    async (_what, status, handler, end) => {
      const seen: string[] = [];
      const served = await serveHeld(
        (req, res) => {
          res.on('finish', () => seen.push(`finish ${res.statusCode}`));
          res.on('close', () => seen.push(`close ${res.statusCode}`));
          onFinished(res, (error) => seen.push(`on-finished ${res.statusCode} ${error}`));
          return handler(req, res);
        },
        { onLateOutcome() {} },
        transport,
      );
      await ask(served);
      await until('all three have come', () => seen.length >= 3);
      expect(seen.sort()).toEqual([
        `close ${status}`,
        `finish ${status}`,
        // An HTTP/2 stream can be cut by an error only, and on-finished hands it on.
        transport === 'h2c' && end === 'cut'
          ? `on-finished ${status} Error: holdopen: the response was cut`
          : `on-finished ${status} null`,
      ]);
    },
  );
});

test.each(ENDS)('morgan logs %s as what it was', async (_what, status, handler) => {
  const lines: string[] = [];
  const app = express();
  app.use(morgan(':status :res[x-id]', { stream: { write: (line) => void lines.push(line) } }));
  app.set('env', 'test');
  app.get('/', holdOpen({ ...QUICK, onLateOutcome() {} }), (req, res) => {
    res.setHeader('X-Id', 'i-1');
    return handler(req, res);
  });
  await ask(await serve(app));
  await until('the line is logged', () => lines.length > 0);
  expect(lines).toEqual([`${status} i-1\n`]);
});

test('morgan logs what a plain listener threw late as what it was', async () => {
  const lines: string[] = [];
  const log = morgan(':status', { stream: { write: (line) => void lines.push(line) } });
  const served = await serveHeld(
    async (req, res) => {
      log(req, res, () => {});
      await held(req);
      throw new Error('late');
    },
    { onLateOutcome() {} },
  );
  await ask(served);
  await until('the line is logged', () => lines.length > 0);
  expect(lines).toEqual(['500\n']);
});

test('morgan logs a silence that took too long as 504', async () => {
  const lines: string[] = [];
  const log = morgan(':status', { stream: { write: (line) => void lines.push(line) } });
  const served = await serveHeld(
    (req, res) => {
      log(req, res, () => {});
    },
    { maxSilenceMs: 150 },
  );
  await ask(served);
  await until('the line is logged', () => lines.length > 0);
  expect(lines).toEqual(['504\n']);
});
