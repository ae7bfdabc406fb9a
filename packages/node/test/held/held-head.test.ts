import { AsyncLocalStorage } from 'node:async_hooks';
import type { ServerResponse } from 'node:http';
import onHeaders from 'on-headers';
import { describe, expect, test } from 'vitest';
import { holdOpen } from '../../src/index.js';
import { ask } from './support/ask.js';
import { readHeldJson } from './support/payload.js';
import { type Handler, QUICK, type Served, serve, serveHeld, TRANSPORTS } from './support/serve.js';
import { held, quiet, until } from './support/wait.js';

const DOCUMENT = JSON.stringify({
  text: 'Grüße ☃ "quoted"\n',
  list: [1, 2, 3],
  nested: { a: null },
});

function names(served: Served, head: string): string[] {
  expect(served.transport).not.toMatch(/^h2/);
  return head
    .split('\r\n')
    .slice(1)
    .map((line) => line.slice(0, line.indexOf(':')))
    .sort();
}

describe.each(TRANSPORTS)('over %s', (transport) => {
  test('a silent handler’s head is sent for it, and beats and payload follow', async () => {
    const served = await serveHeld(
      async (req, res) => {
        await held(req);
        await new Promise((resolve) => setTimeout(resolve, 150));
        res.setHeader('Content-Type', 'application/json');
        res.end(DOCUMENT);
      },
      {},
      transport,
    );
    const reply = await ask(served);
    expect(reply.status).toBe(200);
    expect(reply.headers).toMatchObject({
      'content-type': 'application/json',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
      holdopen: 'interval=60, format=json',
    });
    const { beats, lateHead, payload } = readHeldJson(reply.body);
    expect(beats).toBeGreaterThanOrEqual(2);
    expect(lateHead).toBeUndefined();
    expect(payload).toBe(DOCUMENT);
    expect(reply.ended).toBe(transport === 'HTTP/1.0' ? 'closed' : 'complete');
  });

  test('headers set so far are kept, those that describe the body are not', async () => {
    const served = await serveHeld(
      async (req, res) => {
        res.setHeader('Access-Control-Allow-Origin', '*');
        res.setHeader('Vary', 'Origin');
        res.setHeader('X-Request-Id', 'r-1');
        res.setHeader('Set-Cookie', ['a=1', 'b=2']);
        res.setHeader('Content-Type', 'application/vnd.api+json; charset=utf-8');
        res.setHeader('Cache-Control', 'public, max-age=3600');
        res.setHeader('Content-Length', '7');
        res.setHeader('ETag', '"x"');
        res.setHeader('Last-Modified', 'Mon, 01 Jan 2024 00:00:00 GMT');
        res.setHeader('Accept-Ranges', 'bytes');
        res.setHeader('Content-MD5', 'Q2hlY2sgSW50ZWdyaXR5IQ==');
        res.setHeader('Digest', 'sha-256=x');
        res.setHeader('Content-Digest', 'sha-256=:eA==:');
        res.setHeader('Repr-Digest', 'sha-256=:eA==:');
        await held(req);
        res.end('{"a":1}');
      },
      {},
      transport,
    );
    const reply = await ask(served);
    expect(reply.headers).toMatchObject({
      'access-control-allow-origin': '*',
      vary: 'Origin',
      'x-request-id': 'r-1',
      'content-type': 'application/vnd.api+json; charset=utf-8',
      'cache-control': 'no-store, no-transform',
    });
    expect(reply.headers['set-cookie']?.split(/, ?/)).toEqual(['a=1', 'b=2']);
    for (const name of [
      'content-length',
      'etag',
      'last-modified',
      'accept-ranges',
      'content-md5',
      'digest',
      'content-digest',
      'repr-digest',
    ]) {
      expect(reply.headers, name).not.toHaveProperty(name);
    }
    expect(readHeldJson(reply.body).payload).toBe('{"a":1}');
  });
});

test('nothing but the designed headers is added', async () => {
  const served = await serveHeld(async (req, res) => {
    await held(req);
    res.end('1');
  });
  const reply = await ask(served);
  expect(names(served, reply.head)).toEqual([
    'Cache-Control',
    'Connection',
    'Content-Type',
    'Date',
    'HoldOpen',
    'Keep-Alive',
    'Transfer-Encoding',
    'X-Accel-Buffering',
  ]);
});

test('a status and reason phrase set before the commit are not sent with its head', async () => {
  const served = await serveHeld(async (req, res) => {
    res.statusCode = 418;
    res.statusMessage = 'Short And Stout';
    await held(req);
    expect([res.statusCode, res.statusMessage]).toEqual([418, 'Short And Stout']);
    res.statusCode = 200;
    res.end('{}');
  });
  const reply = await ask(served);
  expect(reply.head).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  expect(reply.ended).toBe('complete');
  expect(readHeldJson(reply.body)).toMatchObject({ lateHead: undefined, payload: '{}' });
});

test('a status set before the commit is the true one', async () => {
  const served = await serveHeld(async (req, res) => {
    res.statusCode = 202;
    await held(req);
    res.end('{"accepted":true}');
  });
  const reply = await ask(served);
  expect(reply.status).toBe(200);
  expect(readHeldJson(reply.body).lateHead).toEqual({ status: 202, headers: [] });
});

describe('the HoldOpen header is exposed', () => {
  const cases: [string, Record<string, string>, Record<string, string>, string | undefined][] = [
    [
      'to a page of another origin',
      { 'Access-Control-Allow-Origin': '*' },
      { Origin: 'https://app.example' },
      'HoldOpen',
    ],
    [
      'beside what the handler exposes',
      { 'Access-Control-Allow-Origin': '*', 'Access-Control-Expose-Headers': 'X-A, X-B' },
      { Origin: 'https://app.example' },
      'X-A, X-B, HoldOpen',
    ],
    [
      'once',
      { 'Access-Control-Allow-Origin': '*', 'Access-Control-Expose-Headers': 'holdopen' },
      { Origin: 'https://app.example' },
      'holdopen',
    ],
    [
      'to a sandboxed page',
      { 'Access-Control-Allow-Origin': 'null' },
      { Origin: 'null' },
      'HoldOpen',
    ],
    [
      'not to its own origin',
      { 'Access-Control-Allow-Origin': '*' },
      { Origin: 'http://localhost' },
      undefined,
    ],
    ['not where no origin asked', { 'Access-Control-Allow-Origin': '*' }, {}, undefined],
    ['not where no origin is allowed', {}, { Origin: 'https://app.example' }, undefined],
  ];
  test.each(cases)('%s', async (_to, answered, asked, exposed) => {
    const served = await serveHeld(async (req, res) => {
      for (const [name, value] of Object.entries(answered)) res.setHeader(name, value);
      await held(req);
      res.end('{}');
    });
    const reply = await ask(served, { headers: asked });
    expect(reply.headers['access-control-expose-headers']).toBe(exposed);
  });
});

describe('a listener for the head', () => {
  const listening =
    (listener: (this: ServerResponse) => void, handler: Handler): Handler =>
    (req, res) => {
      onHeaders(res, listener);
      return handler(req, res);
    };

  test('runs in the request’s own async context', async () => {
    const storage = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const listener = holdOpen(
      listening(
        () => seen.push(storage.getStore()),
        async (req, res) => {
          await held(req);
          res.end('{}');
        },
      ),
      QUICK,
    );
    const served = await serve((req, res) =>
      storage.run(`request ${req.url}`, () => listener(req, res)),
    );
    await ask(served, { path: '/1' });
    await ask(served, { path: '/2' });
    expect(seen).toEqual(['request /1', 'request /2']);
  });

  test('that throws leaves the head as the handler had it', async () => {
    let calls = 0;
    const served = await serveHeld(
      listening(
        () => {
          calls += 1;
          if (calls === 1) throw new Error('not now');
        },
        async (req, res) => {
          res.statusCode = 201;
          res.statusMessage = 'Made';
          res.setHeader('ETag', '"1"');
          res.setHeader('Content-Length', '2');
          await until('the commit has failed', () => calls === 1);
          await quiet(20);
          expect(req.headers['if-none-match']).toBe('"2"');
          res.end('{}');
        },
      ),
    );
    const reply = await ask(served, { headers: { 'If-None-Match': '"2"' } });
    expect(reply.head).toMatch(/^HTTP\/1.1 201 Made\r\n/);
    expect(reply.headers).toMatchObject({ etag: '"1"', 'content-length': '2' });
    expect(reply.headers).not.toHaveProperty('holdopen');
    expect(reply.headers).not.toHaveProperty('cache-control');
    expect(reply.body).toBe('{}');
  });
});
