import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import type { LateOutcome } from '../../src/index.js';
import { ask } from './support/ask.js';
import { anyPrefixParses, readHeldJson } from './support/payload.js';
import { serveHeld, TRANSPORTS } from './support/serve.js';
import { held, until } from './support/wait.js';

type Answer = (res: ServerResponse, req: IncomingMessage) => unknown;

interface Success {
  readonly title: string;
  readonly answer: Answer;
  readonly status: number;
  readonly payload: string;
  readonly headers?: [string, string][];
}

const SUCCESSES: Success[] = [
  {
    title: '201 with its location',
    answer: (res) => {
      res.writeHead(201, { Location: '/things/7', 'Content-Type': 'application/json' });
      res.end('{"id":7}');
    },
    status: 201,
    payload: '{"id":7}',
    headers: [['location', '/things/7']],
  },
  {
    title: '202',
    answer: (res) => {
      res.statusCode = 202;
      res.end('[]');
    },
    status: 202,
    payload: '[]',
  },
  {
    title: '204 without a body',
    answer: (res) => void res.writeHead(204).end(),
    status: 204,
    payload: 'null',
  },
  {
    title: '200 with a header of the list',
    answer: (res) => {
      res.setHeader('RateLimit-Remaining', '3');
      res.end('{}');
    },
    status: 200,
    payload: '{}',
    headers: [['ratelimit-remaining', '3']],
  },
];

interface Failure {
  readonly title: string;
  readonly answer: Answer;
  readonly status: number;
  /** What is left of the error with its brace. */
  readonly error: Record<string, unknown>;
  readonly headers?: [string, string][];
}

const FAILURES: Failure[] = [
  {
    title: '422 with a JSON object',
    answer: (res) => {
      res.writeHead(422, { 'Content-Type': 'application/json', 'Retry-After': '5' });
      res.end('{"message":"no such model","fields":{"model":1}}');
    },
    status: 422,
    error: { message: 'no such model', fields: { model: 1 } },
    headers: [['retry-after', '5']],
  },
  {
    title: '404 with an HTML page',
    answer: (res) => {
      res.writeHead(404, { 'Content-Type': 'text/html; charset=utf-8' });
      res.end('<p>Cannot GET /</p>');
    },
    status: 404,
    error: {
      type: 'about:blank',
      title: 'Not Found',
      completion_status: 404,
      code: 'error_status',
      content_type: 'text/html; charset=utf-8',
      body: '<p>Cannot GET /</p>',
    },
  },
  {
    title: '500 without a body',
    answer: (res) => void res.writeHead(500).end(),
    status: 500,
    error: {
      type: 'about:blank',
      title: 'Internal Server Error',
      completion_status: 500,
      code: 'error_status',
    },
  },
  {
    title: '500 with JSON that is no object',
    answer: (res) => {
      res.writeHead(500, { 'Content-Type': 'application/json' });
      res.end('["a","b"]');
    },
    status: 500,
    error: {
      type: 'about:blank',
      title: 'Internal Server Error',
      completion_status: 500,
      code: 'error_status',
      content_type: 'application/json',
      body: ['a', 'b'],
    },
  },
  {
    title: '303, which cannot be followed any more',
    answer: (res) => void res.writeHead(303, { Location: '/jobs/1' }).end(),
    status: 303,
    error: {
      type: 'about:blank',
      title: 'See Other',
      completion_status: 303,
      code: 'late_redirect',
    },
    headers: [['location', '/jobs/1']],
  },
];

describe.each(TRANSPORTS)('over %s', (transport) => {
  test.each(SUCCESSES)('a late $title stands in the late head', async (success) => {
    const served = await serveHeld(
      async (req, res) => {
        await held(req);
        success.answer(res, req);
      },
      {},
      transport,
    );
    const reply = await ask(served);
    expect(reply.status).toBe(200);
    expect(reply.ended).toBe(transport === 'HTTP/1.0' ? 'closed' : 'complete');
    expect(readHeldJson(reply.body)).toMatchObject({
      lateHead: { status: success.status, headers: success.headers ?? [] },
      payload: success.payload,
    });
    expect(JSON.parse(reply.body)).toEqual(JSON.parse(success.payload));
  });

  test.each(FAILURES)('a late $title is readable, incomplete and cut', async (failure) => {
    const served = await serveHeld(
      async (req, res) => {
        await held(req);
        failure.answer(res, req);
      },
      {},
      transport,
    );
    const reply = await ask(served);
    expect(reply.status).toBe(200);
    expect(reply.ended).toBe('cut');
    const { lateHead, payload } = readHeldJson(reply.body);
    expect(lateHead).toEqual({ status: failure.status, headers: failure.headers ?? [] });
    expect(JSON.parse(`${payload}}`)).toEqual(failure.error);
    expect(anyPrefixParses(reply.body)).toBe(false);
  });

  test('an empty 200 is null, without a late head', async () => {
    const served = await serveHeld(
      async (req, res) => {
        await held(req);
        res.end();
      },
      {},
      transport,
    );
    const reply = await ask(served);
    expect(readHeldJson(reply.body)).toMatchObject({ lateHead: undefined, payload: 'null' });
  });
});

test('an HTML page under a JSON head is a failure of its own kind and is not shown', async () => {
  const outcomes: LateOutcome[] = [];
  const served = await serveHeld(
    async (req, res) => {
      await held(req);
      res.writeHead(200, { 'Content-Type': 'text/html' });
      res.end('<p>internal</p>');
    },
    { onLateOutcome: (outcome) => outcomes.push(outcome) },
  );
  const reply = await ask(served);
  expect(reply.ended).toBe('cut');
  expect(reply.body).not.toContain('internal');
  expect(readHeldJson(reply.body).lateHead?.status).toBe(500);
  expect(JSON.parse(`${reply.body}}`)).toMatchObject({ code: 'wrong_type' });
  expect(outcomes).toMatchObject([{ ok: false, code: 'wrong_type', contentType: 'text/html' }]);
});

test('a text without a type is no JSON and never spliced in', async () => {
  const served = await serveHeld(async (req, res) => {
    await held(req);
    res.end('done!');
  });
  const reply = await ask(served);
  expect(reply.ended).toBe('cut');
  expect(JSON.parse(`${reply.body}}`)).toMatchObject({ code: 'wrong_type' });
});

test('a payload’s own leading white space and byte order mark are swallowed', async () => {
  const served = await serveHeld(async (req, res) => {
    await held(req);
    res.write('\ufeff');
    res.write('\r\n \t');
    res.end('{"a": 1}\n');
  });
  const reply = await ask(served);
  expect(readHeldJson(reply.body).payload).toBe('{"a": 1}\n');
});

test('the outcome is told once, with what the handler sent', async () => {
  const outcomes: LateOutcome[] = [];
  const served = await serveHeld(
    async (req, res) => {
      await held(req);
      if (req.url === '/created') res.writeHead(201).end('{}');
      else if (req.url === '/fine') res.end('{}');
      else res.writeHead(409, { 'content-type': 'application/json' }).end('{"why":"busy"}');
    },
    { onLateOutcome: (outcome) => outcomes.push(outcome) },
  );
  await ask(served, { path: '/created' });
  await ask(served, { path: '/fine' });
  await ask(served, { path: '/conflict' });
  await until('both outcomes are told', () => outcomes.length >= 2);
  expect(outcomes).toEqual([
    { ok: true, status: 201, headers: [] },
    {
      ok: false,
      status: 409,
      code: 'error_status',
      headers: [],
      contentType: 'application/json',
      body: { why: 'busy' },
    },
  ]);
});
