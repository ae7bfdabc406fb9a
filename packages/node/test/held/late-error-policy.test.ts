import type { IncomingMessage } from 'node:http';
import { describe, expect, test, vi } from 'vitest';
import type { LateError, LateOutcome } from '../../src/index.js';
import { ask, requestText } from './support/ask.js';
import { readHeldJson } from './support/payload.js';
import { serveHeld, TRANSPORTS } from './support/serve.js';
import { held, until } from './support/wait.js';
import { readResponse } from './support/wire.js';

describe.each(TRANSPORTS)('over %s', (transport) => {
  const clean = transport === 'HTTP/1.0' ? 'closed' : 'complete';

  test("'body' sends the error whole and ends cleanly", async () => {
    const served = await serveHeld(
      async (req, res) => {
        await held(req);
        res.writeHead(422, { 'Content-Type': 'application/json', 'Retry-After': '2' });
        res.end('{"why":"late"}');
      },
      { lateError: 'body' },
      transport,
    );
    const reply = await ask(served);
    expect(reply.ended).toBe(clean);
    expect(readHeldJson(reply.body)).toMatchObject({
      lateHead: { status: 422, headers: [['retry-after', '2']] },
      payload: '{"why":"late"}',
    });
  });

  test('what a function gives is sent whole', async () => {
    const given: [LateError, IncomingMessage][] = [];
    const served = await serveHeld(
      async (req) => {
        await held(req);
        throw Object.assign(new Error('secret'), { status: 403 });
      },
      {
        onLateOutcome() {},
        lateError(outcome, request) {
          given.push([outcome, request]);
          return { jsonrpc: '2.0', id: 1, error: { code: -32000, status: outcome.status } };
        },
      },
      transport,
    );
    const reply = await ask(served, { path: '/rpc' });
    expect(reply.ended).toBe(clean);
    expect(readHeldJson(reply.body).lateHead?.status).toBe(403);
    expect(JSON.parse(reply.body)).toEqual({
      jsonrpc: '2.0',
      id: 1,
      error: { code: -32000, status: 403 },
    });
    expect(given).toHaveLength(1);
    expect(given[0]?.[0]).toMatchObject({ ok: false, code: 'handler_error', status: 403 });
    expect(given[0]?.[1].url).toBe('/rpc');
  });
});

test('the connection goes on after an error that ended cleanly', async () => {
  const served = await serveHeld(
    async (req) => {
      await held(req);
      throw new Error('late');
    },
    { lateError: 'body', onLateOutcome() {} },
  );
  const client = await served.connect();
  client.send(requestText({ path: '/1' }));
  const first = await client.response();
  expect(first.complete).toBe(true);
  client.send(requestText({ path: '/2' }));
  await until('the second is answered on the same connection', () => {
    const second = readResponse(client.received)?.rest;
    return second !== undefined && readResponse(second)?.complete === true;
  });
  expect(client.closed).toBe(false);
});

test.each([
  [
    'throws',
    () => {
      throw new Error('in lateError');
    },
  ],
  ['gives undefined', () => undefined],
  ['gives what is no JSON', () => 10n],
])('a function that %s leaves the answer cut', async (_what, lateError) => {
  const report = vi.spyOn(console, 'error').mockImplementation(() => {});
  const served = await serveHeld(
    async (req, res) => {
      await held(req);
      res.writeHead(500).end();
    },
    { lateError },
  );
  const reply = await ask(served);
  report.mockRestore();
  expect(reply.ended).toBe('cut');
  expect(JSON.parse(`${reply.body}}`)).toMatchObject({ completion_status: 500 });
});

test("'body' cannot rescue a document that was begun", async () => {
  const served = await serveHeld(
    async (req, res) => {
      await held(req);
      res.write('{"a":1,');
      throw new Error('midway');
    },
    { lateError: 'body', onLateOutcome() {} },
  );
  const reply = await ask(served);
  expect(reply.ended).toBe('cut');
  expect(readHeldJson(reply.body).payload.trimEnd()).toBe('{"a":1,');
});

test('the hooks are guarded against throw and rejection', async () => {
  const report = vi.spyOn(console, 'error').mockImplementation(() => {});
  const outcomes: LateOutcome[] = [];
  const served = await serveHeld(
    async (req, res) => {
      await held(req);
      res.writeHead(201).end('{}');
    },
    {
      onBeat() {
        throw new Error('in onBeat');
      },
      onLateOutcome(outcome) {
        outcomes.push(outcome);
        return Promise.reject(new Error('in onLateOutcome'));
      },
    },
  );
  const reply = await ask(served);
  expect(reply.ended).toBe('complete');
  await until('both are reported', () => report.mock.calls.length >= 2);
  report.mockRestore();
  expect(outcomes).toHaveLength(1);
});
