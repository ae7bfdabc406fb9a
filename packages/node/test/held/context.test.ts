import { AsyncLocalStorage } from 'node:async_hooks';
import { runInNewContext } from 'node:vm';
import { expect, test, vi } from 'vitest';
import type { NodeHoldOpenOptions } from '../../src/index.js';
import { holdOpen } from '../../src/index.js';
import { ask, requestText } from './support/ask.js';
import { type Handler, QUICK, serve, serveHeld } from './support/serve.js';
import { held, until } from './support/wait.js';

const storage = new AsyncLocalStorage<string>();

function serveInContext(handler: Handler, options: NodeHoldOpenOptions) {
  const listener = holdOpen(handler, { ...QUICK, ...options });
  return serve((req, res) => storage.run(`request ${req.url}`, () => listener(req, res)));
}

test('hooks, format and lateError run in their own request’s async context', async () => {
  const seen = new Set<string>();
  const note = (what: string): void => void seen.add(`${what} in ${storage.getStore()}`);
  const served = await serveInContext(
    async (req) => {
      await held(req);
      throw new Error('late');
    },
    {
      format() {
        note('format');
        return 'json';
      },
      lateError() {
        note('lateError');
        return {};
      },
      onBeat: () => note('onBeat'),
      onLateOutcome: () => note('onLateOutcome'),
    },
  );
  await Promise.all([ask(served, { path: '/1' }), ask(served, { path: '/2' })]);
  await until('all hooks were called', () => seen.size >= 8);
  expect([...seen].sort()).toEqual(
    ['format', 'lateError', 'onBeat', 'onLateOutcome'].flatMap((hook) => [
      `${hook} in request /1`,
      `${hook} in request /2`,
    ]),
  );
});

test('a listener of the signal runs in its own request’s async context', async () => {
  const seen: unknown[] = [];
  const served = await serveInContext((req) => {
    req.holdOpen?.signal.addEventListener('abort', () => seen.push(storage.getStore()));
  }, {});
  for (const path of ['/1', '/2']) {
    const client = await served.connect();
    client.send(requestText({ path }));
    await client.arrived('HoldOpen');
    client.socket.destroy();
  }
  await until('both have fired', () => seen.length === 2);
  expect(seen).toEqual(['request /1', 'request /2']);
});

test('the same goes for a silence, which the clock finds out', async () => {
  const seen: unknown[] = [];
  const served = await serveInContext(
    (req) => {
      req.holdOpen?.signal.addEventListener('abort', () => seen.push(storage.getStore()));
    },
    { maxSilenceMs: 100 },
  );
  await Promise.all([ask(served, { path: '/1' }), ask(served, { path: '/2' })]);
  expect(seen.sort()).toEqual(['request /1', 'request /2']);
});

test('the handler’s own context survives its writes', async () => {
  const seen: unknown[] = [];
  const served = await serveInContext(async (req, res) => {
    await held(req);
    res.write('[1', () => seen.push(storage.getStore()));
    res.end(']', () => seen.push(storage.getStore()));
  }, {});
  await ask(served, { path: '/1' });
  await until('both callbacks have come', () => seen.length === 2);
  expect(seen).toEqual(['request /1', 'request /1']);
});

test('hooks get the hold and the request', async () => {
  const beats: unknown[] = [];
  const served = await serveHeld(
    async (req, res) => {
      await until('a second beat was sent', () => beats.length >= 2);
      res.setHeader('x', req.holdOpen?.id ?? '');
      res.end('{}');
    },
    {
      onBeat(hold, request) {
        beats.push([hold.id === request.holdOpen?.id, hold.format, hold.beats, request.url]);
      },
    },
  );
  await ask(served, { path: '/with-hooks' });
  expect(beats.slice(0, 2)).toEqual([
    [true, 'json', 1, '/with-hooks'],
    [true, 'json', 2, '/with-hooks'],
  ]);
});

test('a hook may give a promise of any kind that rejects', async () => {
  const unhandled: unknown[] = [];
  const listener = (error: unknown): void => void unhandled.push(error);
  process.on('unhandledRejection', listener);
  const report = vi.spyOn(console, 'error').mockImplementation(() => {});
  const served = await serveHeld(
    async (req, res) => {
      await held(req);
      res.end('{}');
    },
    { onBeat: () => runInNewContext('Promise.reject(new Error("of another realm"))') },
  );
  await ask(served);
  await until('it was reported', () => report.mock.calls.length > 0);
  process.off('unhandledRejection', listener);
  report.mockRestore();
  expect(unhandled).toEqual([]);
});
