// On a route and on a router, too, a quick answer is byte-identical to the one without holdopen.
import type { RequestHandler } from 'express';
import { describe, expect, test } from 'vitest';
import { holdOpen } from '../src/index.js';
import { exchange, shown } from './documentation/exchange.js';
import {
  type ExpressModule,
  type ExpressVersion,
  type Question,
  serve,
  VERSIONS,
} from './support/index.js';

/** Its stack is part of the answer where the final handler shows it. */
function failure(status?: number): Error {
  return Object.assign(new Error('failed'), { stack: 'Error: failed', status });
}

interface Answer {
  readonly what: string;
  readonly handler: RequestHandler;
  /** Of this version alone. */
  readonly only?: ExpressVersion['major'];
}

const ANSWERS: readonly Answer[] = [
  { what: 'res.json', handler: (_req, res) => void res.json({ a: 1 }) },
  { what: 'res.send', handler: (_req, res) => void res.status(201).send('text') },
  { what: 'res.sendStatus', handler: (_req, res) => void res.sendStatus(202) },
  { what: 'res.redirect', handler: (_req, res) => res.redirect('/elsewhere') },
  { what: 'res.end without a type', handler: (_req, res) => void res.end('plain') },
  {
    what: 'chunks',
    handler: (_req, res) => {
      res.write('one');
      res.end('two');
    },
  },
  {
    what: 'writeHead',
    handler: (_req, res) => void res.writeHead(203, 'Other', { 'X-A': 'b' }).end('{}'),
  },
  { what: 'a body that was parsed', handler: (req, res) => void res.json(req.body ?? null) },
  { what: '204', handler: (_req, res) => void res.status(204).end() },
  {
    what: 'an answer that takes a moment',
    handler: (_req, res) => void setTimeout(() => res.json([]), 20),
  },
  {
    what: 'an event stream',
    handler: (_req, res) => void res.type('text/event-stream').end('data: 1\n\n'),
  },
  { what: 'next', handler: (_req, _res, next) => next() },
  { what: 'next with an error', handler: (_req, _res, next) => next(failure(418)) },
  {
    what: 'a throw',
    handler: () => {
      throw failure();
    },
  },
  { what: 'a rejection', handler: () => Promise.reject(failure(409)), only: 5 },
  {
    what: 'an error after the head',
    handler: (_req, res, next) => {
      res.write('begun');
      next(failure());
    },
  },
];

const QUESTIONS: readonly Question[] = [
  { method: 'GET', path: '/work' },
  { method: 'HEAD', path: '/work' },
  {
    method: 'POST',
    path: '/work',
    headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
    body: '{"a":[1]}',
  },
  { method: 'GET', path: '/work', headers: { 'If-None-Match': '*', Accept: 'text/event-stream' } },
];

type Level = 'bare' | 'route' | 'router';

describe.each(VERSIONS)('in $name', ({ express, major }) => {
  const answers = ANSWERS.filter(({ only }) => only === undefined || only === major);

  test.each(answers)('$what is the same on a route and on a router', async ({ handler }) => {
    const [bare, route, router] = await Promise.all([
      bytes(express, 'bare', handler),
      bytes(express, 'route', handler),
      bytes(express, 'router', handler),
    ]);
    expect(bare.watched).toEqual([]);
    for (const held of [route, router]) {
      expect(held.shown).toEqual(bare.shown);
      expect(held.watched).toEqual(QUESTIONS.map(() => 'waiting'));
    }
  });
});

async function bytes(express: ExpressModule, level: Level, handler: RequestHandler) {
  const watched: unknown[] = [];
  const pass: RequestHandler = (_req, _res, next) => next();
  const look: RequestHandler = (req, _res, next) => {
    if (req.holdOpen !== undefined) watched.push(req.holdOpen.state);
    next();
  };
  const app = express();
  app.set('env', 'test');
  const router = express.Router();
  router.use(level === 'router' ? holdOpen() : pass, express.json());
  router.all('/work', level === 'route' ? holdOpen() : pass, look, handler);
  app.use(router);
  const served = await serve(app);
  const answers: string[] = [];
  for (const question of QUESTIONS) answers.push(shown(await exchange(served, question)));
  return { shown: answers, watched };
}
