// What else HTTP has: methods, conditions, CORS, cookies, compression, connections.
import { constants, gunzipSync } from 'node:zlib';
import { readHeldJson } from '../../support/held-json.js';
import { readResponse } from '../../support/raw-client.js';
import { until } from '../../support/until.js';
import { DOCUMENT } from '../play.js';
import type { Exception, Group } from '../row.js';
import {
  beats,
  cookie,
  EVENT_STREAM,
  empty,
  etagged,
  file,
  gate,
  header,
  held,
  json,
  redirect,
  session,
  state,
  status,
  stream,
  wait,
} from '../steps.js';
import {
  dataOf,
  FIRST_IN_HONO,
  HTTP_1_1_ONLY,
  heldPayload,
  isHeld,
  isUntouchedFor,
  NOT_FETCH_HEADERS,
} from './checks.js';

const PAGE = { headers: { Origin: 'https://page.example' } } as const;
const GZIP = { headers: { 'Accept-Encoding': 'gzip' } } as const;
const TEXT = 'compressible '.repeat(500);

/** As much of it as there is. */
function unpacked(bytes: Uint8Array): string {
  return bytes.length === 0
    ? ''
    : gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).toString();
}

const NO_SESSION: readonly Exception[] = (['hono', 'fetch'] as const).map((app) => ({
  where: { app },
  because: 'There is no session middleware of its own.',
}));

const NO_COMPRESSION: Exception = {
  where: { app: 'fetch' },
  because: 'There is no compression middleware; a payload that comes encoded has its own row.',
};

export const http: Group = {
  title: 'The rest of HTTP',
  rows: [
    {
      id: 'head-method',
      title: 'HEAD is never held',
      ask: { method: 'HEAD' },
      script: [wait(200), json({ a: 1 })],
      async check(reply, cell) {
        const bare = await cell.askBare({ method: 'HEAD' });
        cell.expect({ ...reply.headers, date: '' }).toEqual({ ...bare.headers, date: '' });
        cell.expect(reply.status).toBe(200);
        cell.expect(reply.body).toBe('');
        // Deno ends a HEAD over HTTP/2 with an error, with and without holdOpen.
        cell.expect(reply.ended).toBe(bare.ended);
      },
    },
    {
      id: 'options-method',
      title: 'OPTIONS is never held',
      ask: { method: 'OPTIONS' },
      script: [state('untouched'), status(204), header('Allow', 'GET'), empty],
      async check(reply, cell) {
        await isUntouchedFor('method', reply, cell);
        cell.expect(reply.status).toBe(204);
      },
    },
    {
      id: 'range',
      title: 'a Range is not answered any more after the commit: the whole document comes',
      ask: { headers: { Range: 'bytes=2-9' } },
      script: [held, file],
      check(reply, cell) {
        const { lateHead, payload } = heldPayload(reply, cell);
        cell.expect(lateHead).toBeUndefined();
        cell.expect(payload.trimEnd()).toBe(DOCUMENT.trimEnd());
      },
    },
    {
      id: 'if-none-match',
      title: 'If-None-Match is not answered any more after the commit: the document comes',
      script: [held, etagged({ a: 1 })],
      async run(cell) {
        const etag = (await cell.askBare()).headers.etag ?? 'none';
        const reply = await cell.ask({ headers: { 'If-None-Match': etag } });
        const { lateHead, payload } = heldPayload(reply, cell);
        cell.expect(lateHead).toBeUndefined();
        cell.expect(payload).toBe('{"a":1}');
      },
    },
    {
      id: 'if-none-match-own',
      title: 'nor is it where the handler sets the ETag by itself',
      ask: { headers: { 'If-None-Match': '"one"' } },
      script: [held, etagged({ a: 1 }, '"one"')],
      check(reply, cell) {
        const { lateHead, payload } = heldPayload(reply, cell);
        cell.expect(lateHead).toBeUndefined();
        cell.expect(payload).toBe('{"a":1}');
      },
      faults: [
        {
          where: { app: 'hono' },
          because: 'Hono’s etag() answers 304 for a tag that the handler sets after the commit.',
        },
      ],
    },
    {
      id: 'cors',
      title: 'the held head is open to a page of another origin, and exposes HoldOpen to it',
      around: ['cors'],
      ask: PAGE,
      script: [held, json({})],
      check(reply, cell) {
        const { headers } = reply;
        cell.expect(headers['access-control-allow-origin']).toBe('https://page.example');
        cell.expect(headers['access-control-allow-credentials']).toBe('true');
        const exposed = headers['access-control-expose-headers']?.toLowerCase().split(/ *, */);
        cell.expect(exposed?.sort()).toEqual(['holdopen', 'retry-after', 'x-seen']);
        cell.expect(heldPayload(reply, cell)).toMatchObject({ lateHead: undefined, payload: '{}' });
      },
    },
    {
      id: 'cors-late-head',
      title: 'for a page of another origin only exposed headers stand in the late head',
      around: ['cors'],
      options: { lateHeaders: ['x-seen', 'x-unseen'] },
      ask: PAGE,
      script: [
        held,
        header('X-Seen', '1'),
        header('X-Unseen', '2'),
        header('Link', '</a>'),
        json({}),
      ],
      check(reply, cell) {
        cell.expect(heldPayload(reply, cell).lateHead).toEqual({
          status: 200,
          headers: [['x-seen', '1']],
        });
      },
    },
    {
      id: 'cors-same-origin',
      title: 'without another origin nothing is exposed',
      script: [held, json({})],
      check({ headers }, { expect }) {
        expect(headers).not.toHaveProperty('access-control-expose-headers');
      },
    },
    {
      id: 'cookie',
      title: 'a cookie that is set before the commit leaves with it',
      script: [cookie('a', '1'), cookie('b', '2'), held, json({})],
      check(reply, cell) {
        cell.expect(reply.cookies.map((one) => one.split(';')[0])).toEqual(['a=1', 'b=2']);
        cell.expect(heldPayload(reply, cell).payload).toBe('{}');
      },
      not: [NOT_FETCH_HEADERS],
    },
    {
      id: 'session',
      title: 'a session begun before the commit sends its cookie with it, and is saved at the end',
      around: ['session'],
      script: [session(1), held, session(2), json({})],
      async check(reply, cell) {
        cell.expect(reply.cookies).toHaveLength(1);
        cell.expect(heldPayload(reply, cell).payload).toBe('{}');
        await until('the session is saved', async () =>
          (await cell.observed('session saved')).some(({ visits }) => visits === 2),
        );
      },
      not: [
        ...NO_SESSION,
        {
          where: { app: 'fastify' },
          because:
            '@fastify/session sets its cookie at the very end; the README of @holdopen/fastify says what to do.',
        },
      ],
    },
    {
      id: 'session-late',
      title: 'a session begun after the commit is saved, and the body ends',
      around: ['session'],
      script: [held, session(1), json({})],
      async check(reply, cell) {
        cell.expect(reply.cookies).toEqual([]);
        cell.expect(heldPayload(reply, cell).payload).toBe('{}');
        cell.expect(await cell.noted('session saved')).toMatchObject({ visits: 1 });
      },
      not: NO_SESSION,
    },
    {
      id: 'compression-inside',
      title: 'a compressor between holdOpen and the handler stands aside after the commit',
      around: ['compression inside'],
      ask: GZIP,
      script: [beats(2), json({ TEXT })],
      check(reply, cell) {
        cell.expect(reply.headers).not.toHaveProperty('content-encoding');
        cell.expect(JSON.parse(heldPayload(reply, cell).payload)).toEqual({ TEXT });
      },
      not: [NO_COMPRESSION],
    },
    {
      id: 'compression-outside',
      title: 'so does one around holdOpen, and beats are not kept back',
      around: ['compression outside'],
      ask: GZIP,
      script: [gate, json({ TEXT })],
      async run(cell) {
        const exchange = await cell.open(GZIP);
        await exchange.arrived('HoldOpen');
        await cell.noted('onBeat', 2);
        await cell.openGate();
        const reply = await exchange.reply();
        cell.expect(reply.headers).not.toHaveProperty('content-encoding');
        cell.expect(JSON.parse(heldPayload(reply, cell).payload)).toEqual({ TEXT });
      },
      not: [NO_COMPRESSION, ...FIRST_IN_HONO],
    },
    {
      id: 'compression-of-events',
      title: 'beats of a stream that is compressed around holdOpen are let through at once',
      around: ['compression outside'],
      script: [stream(EVENT_STREAM, 'data: 1\n\n', gate, 'data: 2\n\n')],
      async run(cell) {
        const exchange = await cell.open(GZIP);
        await cell.noted('onBeat', 2);
        const readable = (): string => unpacked(exchange.bytes);
        await until('the beats are there', () => readable().includes(': keepalive\n\n'));
        await cell.openGate();
        const { headers, bytes, ended } = await exchange.reply();
        cell.expect(headers['content-encoding']).toBe('gzip');
        cell.expect(dataOf(unpacked(bytes))).toEqual(['1', '2']);
        cell.expect(ended).toBe('complete');
      },
      not: [
        NO_COMPRESSION,
        { where: { app: 'fastify' }, because: '@fastify/compress encodes above holdOpen.' },
        { where: { app: 'hono' }, because: 'Hono’s compress() leaves event streams alone.' },
      ],
    },
    {
      id: 'late-redirect-body',
      title: 'a late redirect that fails whole ends cleanly',
      options: { lateError: 'body' },
      script: [held, redirect(302, '/there')],
      check(reply, cell) {
        const { lateHead, payload } = heldPayload(reply, cell);
        cell.expect(lateHead).toEqual({ status: 302, headers: [['location', '/there']] });
        cell.expect(JSON.parse(payload)).toMatchObject({ code: 'late_redirect' });
      },
    },
    {
      id: 'framing',
      title: 'a held body is framed as its version of HTTP does it',
      script: [held, json({})],
      check(reply, cell) {
        const chunked = reply.headers['transfer-encoding'] === 'chunked';
        cell.expect(chunked).toBe(cell.target.protocol === 'HTTP/1.1');
        cell.expect(heldPayload(reply, cell).payload).toBe('{}');
      },
    },
    {
      id: 'keep-alive',
      title: 'the connection serves the next request after a hold',
      script: [held, json({})],
      async run(cell) {
        const { expect } = cell;
        const client = await cell.connect();
        let offset = 0;
        for (let i = 0; i < 3; i++) {
          client.send(cell.request());
          const response = await client.response('GET', offset);
          expect(response.complete).toBe(true);
          expect(response.headers).toHaveProperty('holdopen');
          expect(readHeldJson(response.bytes.toString()).payload).toBe('{}');
          offset = client.received.length;
        }
        client.socket.destroy();
      },
      not: HTTP_1_1_ONLY,
    },
    {
      id: 'pipelining',
      title: 'pipelined requests are answered in their order, each whole',
      script: [gate, json({})],
      async run(cell) {
        const { expect } = cell;
        const client = await cell.connect();
        client.send(cell.request() + cell.request() + cell.request());
        await client.arrived('HoldOpen');
        await cell.openGate();
        let rest: Buffer = Buffer.alloc(0);
        for (let i = 0; i < 3; i++) {
          await until(
            () => `response ${i} is over: ${JSON.stringify(client.text)}`,
            () => {
              rest = client.received;
              for (let k = 0; k < i; k++) rest = readResponse(rest)?.rest ?? rest;
              return readResponse(rest)?.complete === true;
            },
          );
          const response = readResponse(rest);
          expect(response?.status).toBe(200);
          expect(response?.bytes.toString().trimStart()).toBe('{}');
        }
        expect(readResponse(rest)?.rest).toHaveLength(0);
        client.socket.destroy();
      },
      not: [
        ...HTTP_1_1_ONLY,
        ...(['hono', 'fetch'] as const).map((app) => ({
          where: { app, runtime: 'Bun' as const },
          because:
            'Bun.serve closes a connection on which requests are pipelined, with and without holdOpen.',
        })),
      ],
    },
    {
      id: 'post',
      title: 'a POST is held like a GET',
      ask: { method: 'POST', body: '{"ask":1}', headers: { 'Content-Type': 'application/json' } },
      script: [held, json({ a: 1 })],
      check(reply, cell) {
        isHeld(reply, cell);
        cell.expect(heldPayload(reply, cell).payload).toBe('{"a":1}');
      },
    },
  ],
};
