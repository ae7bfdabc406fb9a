import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ServerResponse } from 'node:http';
import { HOLD_EVENT_TYPES } from '@holdopen/core';
import { expect, onTestFinished, test } from 'vitest';
import { type HoldEvent, holdOpen, type NodeHoldOpenOptions } from '../../src/index.js';
import { ask, requestText } from './support/ask.js';
import { type Handler, QUICK, serve, serveHeld } from './support/serve.js';
import { held, quiet, until } from './support/wait.js';

/** All events from now on. */
function record(): HoldEvent[] {
  const events: HoldEvent[] = [];
  for (const type of HOLD_EVENT_TYPES) {
    const listener = (event: unknown): void => void events.push(event as HoldEvent);
    subscribe(`holdopen:${type}`, listener);
    onTestFinished(() => void unsubscribe(`holdopen:${type}`, listener));
  }
  return events;
}

async function eventsOf(handler: Handler, options: NodeHoldOpenOptions = {}): Promise<HoldEvent[]> {
  const events = record();
  const served = await serveHeld(handler, options);
  await ask(served, { path: '/seen' });
  return events;
}

/** Types in order, repeated beats as one. */
function types(events: readonly HoldEvent[]): string[] {
  return events
    .map(({ type }) => type)
    .filter((type, i, all) => !(type === 'beat' && all[i - 1] === 'beat'));
}

test('a held response says everything that happens to it, in order', async () => {
  const events = await eventsOf(async (req, res) => {
    await held(req);
    await quiet(100);
    res.writeHead(201, { Location: '/7', 'X-Unlisted': '1' });
    res.end('{}');
  });
  expect(types(events)).toEqual([
    'start',
    'commit',
    'beat',
    'late-header-dropped',
    'late-outcome',
    'end',
  ]);
  for (const event of events) expect(event.request).toMatchObject({ url: '/seen' });
  expect(events.find(({ type }) => type === 'late-outcome')).toMatchObject({
    outcome: { ok: true, status: 201, headers: [['location', '/7']] },
  });
  expect(events.find(({ type }) => type === 'late-header-dropped')).toMatchObject({
    header: 'x-unlisted',
    reason: 'unlisted',
  });
  const end = events.find((event) => event.type === 'end');
  expect(end).toMatchObject({ how: 'complete', hold: { format: 'json', state: 'complete' } });
  expect(end?.type === 'end' && end.heldMs).toBeGreaterThan(90);
});

test('a stream, a silence, a disconnect and a passing response each have their own', async () => {
  const stream = await eventsOf(async (_req, res) => {
    res.writeHead(200, { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
    res.write('data: 1\n\n');
    await quiet(150);
    res.end();
  });
  expect(types(stream)).toEqual(['start', 'beat', 'end']);

  const silence = await eventsOf(() => {}, { maxSilenceMs: 100 });
  expect(types(silence)).toEqual(
    expect.arrayContaining(['start', 'commit', 'silence', 'late-outcome', 'end']),
  );
  expect(silence.find(({ type }) => type === 'end')).toMatchObject({ how: 'failed' });

  const left = record();
  const served = await serveHeld(() => {});
  const client = await served.connect();
  client.send(requestText());
  await client.arrived('HoldOpen');
  client.socket.destroy();
  await until('the end is told', () => left.some(({ type }) => type === 'end'));
  expect(types(left).slice(-2)).toEqual(['disconnect', 'end']);
  expect(left.at(-1)).toMatchObject({ how: 'disconnected' });

  const untouched = await eventsOf(async (_req, res) => {
    res.setHeader('Content-Type', 'image/png');
    await quiet(100);
    res.end();
  });
  expect(untouched).toMatchObject([{ type: 'untouched', reason: 'type' }]);
});

test('what is told is told in the async context of its request, also what the clock sets going', async () => {
  const storage = new AsyncLocalStorage<string>();
  const seen = new Map<string, unknown>();
  for (const type of HOLD_EVENT_TYPES) {
    const listener = (): void => void seen.set(type, storage.getStore());
    subscribe(`holdopen:${type}`, listener);
    onTestFinished(() => void unsubscribe(`holdopen:${type}`, listener));
  }
  const listener = holdOpen(() => {}, { ...QUICK, maxSilenceMs: 100 });
  const served = await serve((req, res) =>
    storage.run(`request ${req.url}`, () => listener(req, res)),
  );
  await ask(served, { path: '/seen' });
  expect(seen).toEqual(
    new Map(
      ['start', 'commit', 'beat', 'silence', 'late-outcome', 'end'].map((type) => [
        type,
        'request /seen',
      ]),
    ),
  );
});

test('a fast response says nothing', async () => {
  expect(await eventsOf((_req, res) => void res.end('{}'))).toEqual([]);
});

test('a subscriber that ends the response at its commit is the last to write', async () => {
  const responses = new Map<unknown, ServerResponse>();
  const listener = (event: unknown): void => {
    responses.get((event as { request: unknown }).request)?.end('{"ended":1}');
  };
  subscribe('holdopen:commit', listener);
  onTestFinished(() => void unsubscribe('holdopen:commit', listener));
  const served = await serveHeld((req, res) => void responses.set(req, res));
  const reply = await ask(served);
  expect(reply.body.trim()).toBe('{"ended":1}');
});
