import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import express from 'express';
import { expect, onTestFinished, test, vi } from 'vitest';
import { runsMiddleware } from '../src/node.js';
import type { Runs } from '../src/runs.js';
import { ask, blocksOf, eventStream, gate, KEY, openRuns, runOf, serve } from './support/desk.js';

type Listener = (req: IncomingMessage, res: ServerResponse) => void;

async function listen(listener: Listener): Promise<string> {
  const server = http.createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const ANN = { 'x-user': 'ann' };

const mounts: Record<string, (runs: Runs) => Listener> = {
  'node:http': (runs) => runsMiddleware(runs),
  'app.use': (runs) => express().use(runsMiddleware(runs)),
  'app.use with a path': (runs) => express().use('/runs', runsMiddleware(runs)),
};

test.each(Object.entries(mounts))('the routes stand in %s', async (_name, mount) => {
  const runs = openRuns();
  const url = await listen(mount(runs));
  const answer = await serve(runs, ask({ key: KEY }), () => eventStream(['data: 1\n\n']));
  const run = `${url}/runs/${runOf(answer)}`;
  const status = await fetch(run, { headers: ANN });
  expect(await status.json()).toMatchObject({ attempt: 1 });
  const events = await fetch(`${run}/events`, { headers: ANN });
  expect(blocksOf(await events.text()).map(({ data }) => data)).toEqual([
    undefined,
    '1',
    undefined,
  ]);
  expect(await (await fetch(`${url}/runs`, { headers: ANN })).json()).toHaveProperty('runs');
  expect((await fetch(`${run}/events`, { headers: { 'x-user': 'eve' } })).status).toBe(404);
  expect((await fetch(run, { method: 'DELETE', headers: ANN })).status).toBe(200);
});

test('what is none of theirs goes on, and gets 404 where nothing comes behind', async () => {
  const runs = openRuns();
  const app = express().use(runsMiddleware(runs));
  app.get('/other', (_req, res) => void res.send('other'));
  expect(await (await fetch(`${await listen(app)}/other`)).text()).toBe('other');
  expect((await fetch(`${await listen(runsMiddleware(runs))}/other`)).status).toBe(404);
});

test('a watcher that leaves is noticed, and the work goes on', async () => {
  const runs = openRuns({ hold: { firstBeatMs: 20, intervalMs: 60 } });
  const url = await listen(runsMiddleware(runs));
  const go = gate<Response>();
  const headers = { prefer: 'respond-async' };
  const accepted = await serve(runs, ask({ key: KEY, headers }), () => go.opened);
  const run = runOf(accepted);
  const left = new AbortController();
  const watching = await fetch(`${url}/runs/${run}/events`, { headers: ANN, signal: left.signal });
  expect(watching.status).toBe(200);
  const watchers = () => runs.context.feeds.watchers(run);
  await vi.waitFor(() => expect(watchers()).toBe(1));
  left.abort();
  await vi.waitFor(() => expect(watchers()).toBe(0));
  go.open(Response.json({ done: true }));
  const result = await fetch(`${url}/runs/${run}/result`, { headers: ANN });
  expect(await result.json()).toEqual({ done: true });
});

test.each([
  'TRACE /runs HTTP/1.1\r\nHost: a',
  'GET // HTTP/1.1\r\nHost: a',
  'GET /runs HTTP/1.1\r\nHost: u:p@h',
  'GET /runs HTTP/1.1\r\nHost: [',
])('a request that cannot be one is answered: %j', async (head) => {
  for (const next of [undefined, (_req: IncomingMessage, res: ServerResponse) => res.end()]) {
    const middleware = runsMiddleware(openRuns());
    const url = await listen((req, res) =>
      middleware(req, res, next === undefined ? undefined : () => next(req, res)),
    );
    const { port } = new URL(url);
    const socket = net.connect(Number(port), '127.0.0.1');
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });
    socket.write(`${head}\r\nConnection: close\r\n\r\n`);
    await new Promise((resolve) => socket.on('close', resolve));
    expect(text).toMatch(/^HTTP\/1.1 (200|400|404|405) /);
  }
});

test('a page of the application with a long name is no run', async () => {
  const app = express().use(runsMiddleware(openRuns()));
  app.get('/how-to-write-a-good-blog-post-today', (_req, res) => void res.send('so'));
  const url = `${await listen(app)}/how-to-write-a-good-blog-post-today`;
  expect(await (await fetch(url)).text()).toBe('so');
});
