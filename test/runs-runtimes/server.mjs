// Runs below three servers in a runtime that is not the one of the tests. Says its ports, then what it sees.
import { once } from 'node:events';
import http from 'node:http';
import { holdOpen as expressHoldOpen } from '@holdopen/express';
import { holdOpen as fastifyHoldOpen } from '@holdopen/fastify';
import { holdOpen } from '@holdopen/node';
import { createRuns } from '@holdopen/runs';
import { runsMiddleware } from '@holdopen/runs/node';
import express from 'express';
import Fastify from 'fastify';

const say = (what) => console.log(JSON.stringify(what));

/** By the name of the work: what lets it go on. */
const gates = new Map();
const starts = new Map();

const BASE = 'http://server.example';

const routes = {
  '/open': (req, res) => {
    gates.get(new URL(req.url, BASE).searchParams.get('gate'))?.();
    res.end();
  },
  '/work': async (req, res, name) => {
    await opened(req, name);
    json(res, { name, starts: starts.get(name) });
  },
  '/read': async (req, res, name) => {
    const text = await textOf(req);
    await opened(req, name);
    json(res, { name, starts: starts.get(name), text });
  },
  '/held': async (req, res, name) => {
    await opened(req, name);
    json(res, { name, starts: starts.get(name) });
  },
  '/events': async (req, res, name) => {
    res.setHeader('Content-Type', 'text/event-stream');
    res.write('data: 1\n\n');
    await opened(req, name);
    res.write('data: 2\n\n');
    res.end(`data: ${starts.get(name)} start\n\n`);
  },
  '/drain': async (_req, res) => {
    res.setHeader('Content-Type', 'text/plain');
    for (const piece of PIECES) if (!res.write(piece)) await once(res, 'drain');
    res.end();
  },
  '/whole': (_req, res) => {
    res.setHeader('Content-Type', 'text/plain');
    res.end(PIECES.join(''));
  },
  '/sized': (_req, res) => {
    const text = PIECES.join('');
    res.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': text.length });
    res.end(text);
  },
};

/** 4 MB of which no two pieces are alike. */
const PIECES = Array.from({ length: 40 }, (_, n) => String(n).padEnd(100_000, `${n},`));

function opened(req, name) {
  starts.set(name, (starts.get(name) ?? 0) + 1);
  if (!name.startsWith('slow')) return;
  say({ started: name, run: req.holdOpen?.id });
  return new Promise((resolve) => gates.set(name, resolve));
}

function json(res, value) {
  const text = JSON.stringify(value);
  res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': text.length });
  res.end(text);
}

async function textOf(req) {
  const chunks = [];
  for await (const chunk of req) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function handler(req, res) {
  const { pathname, searchParams } = new URL(req.url, BASE);
  const name = searchParams.get('name') ?? '';
  req.on('aborted', () => say({ heard: 'aborted', name }));
  res.on('close', () => say({ closed: name, isWhole: res.writableFinished }));
  await routes[pathname](req, res, name);
}

const runs = createRuns({ authorize: (request) => request.headers.get('x-user') });
const middleware = runsMiddleware(runs);
const options = { runs, firstBeatMs: 20_000, intervalMs: 60, format: 'json' };
const SOON = { ...options, firstBeatMs: 60 };

function onNode() {
  const patient = holdOpen(handler, options);
  const held = holdOpen(handler, SOON);
  return http.createServer((req, res) =>
    middleware(req, res, () => (req.url.startsWith('/held') ? held : patient)(req, res)),
  );
}

function onExpress() {
  const app = express();
  app.use(middleware);
  app.post('/held', expressHoldOpen(SOON), handler);
  app.post(Object.keys(routes), expressHoldOpen(options), handler);
  return http.createServer(app);
}

async function onFastify() {
  const app = Fastify();
  app.addHook('onRequest', (request, reply, done) => middleware(request, reply.raw, done));
  // Its handler reads the body.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
  await app.register(fastifyHoldOpen, options);
  for (const path of Object.keys(routes)) {
    const config = path === '/held' ? { holdOpen: SOON } : {};
    app.post(path, { config }, async (request, reply) => {
      reply.hijack();
      await handler(request.raw, reply.raw);
    });
  }
  await app.ready();
  return app.server;
}

const ports = {};
const servers = { 'node:http': onNode(), Express: onExpress(), Fastify: await onFastify() };
for (const [name, server] of Object.entries(servers)) {
  // Before holdOpen, so that it hears of the connection.
  server.prependListener('request', (req, res) => {
    const asked = new URL(req.url, BASE).searchParams.get('name');
    res.on('close', () => say({ gone: asked }));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  ports[name] = server.address().port;
}
say({ ports });
