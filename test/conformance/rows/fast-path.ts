// Promise 1, transparent: what is finished before its first beat is due leaves as without holdOpen.
import type { Cell } from '../cell.js';
import type { Question, Reply } from '../client/exchange.js';
import type { Exception, Group, Row } from '../row.js';
import {
  cookie,
  EVENT_STREAM,
  echo,
  empty,
  etagged,
  fail,
  file,
  header,
  json,
  read,
  redirect,
  type Script,
  send,
  status,
  stream,
  wait,
} from '../steps.js';
import { FIRST_IN_HONO } from './checks.js';

/** Nothing here takes so long. */
const NO_BEAT_YET = { firstBeatMs: 20_000, intervalMs: 20_000 };

/** The bytes as they stand on the wire, but for the second of the day. */
function bytesOf(reply: Reply): object {
  const head = reply.head.replace(/^date: .*$/im, 'date: …');
  const { status: code, ended } = reply;
  return { head, code, ended, body: reply.bytes.toString('latin1') };
}

async function sameAsBare(cell: Cell, question: Question = {}): Promise<Reply> {
  const [held, bare] = [await cell.ask(question), await cell.askBare(question)];
  cell.expect(bytesOf(held)).toEqual(bytesOf(bare));
  return held;
}

function same(
  id: string,
  title: string,
  script: Script,
  { ask = {}, ...more }: Partial<Row> & { readonly expected?: number } = {},
): Row {
  const { expected = 200, ...rest } = more;
  return {
    id: `fast-${id}`,
    title: `a fast answer is the same, byte for byte: ${title}`,
    options: NO_BEAT_YET,
    script,
    run: async (cell) => {
      cell.expect((await sameAsBare(cell, ask)).status).toBe(expected);
    },
    ...rest,
  };
}

const NO_ROUTER: Exception[] = [
  { where: { app: 'node' }, because: 'There is no router: an unknown path is the handler’s own.' },
  { where: { app: 'fetch' }, because: 'There is no router: an unknown path is the handler’s own.' },
];

const NO_CATCH: Exception[] = [
  { where: { app: 'node' }, because: 'Node answers nothing for a handler that throws in time.' },
  { where: { app: 'fetch' }, because: 'What a handler throws in time is its server’s affair.' },
];

export const fastPath: Group = {
  title: 'Before the first beat',
  rows: [
    same('json', 'JSON', [json({ a: 'ü' })]),
    same('global', 'mounted globally', [json({ a: 1 })], { mount: 'global' }),
    same('both', 'mounted twice', [json({ a: 1 })], { mount: 'both' }),
    same(
      'later',
      'JSON after a while, with headers',
      [wait(30), status(201), header('Location', '/7'), header('X-A', '1'), json({ id: 7 })],
      { expected: 201 },
    ),
    same('empty', 'no body', [empty]),
    same('length', 'a Content-Length', [
      header('Content-Length', '5'),
      send('text/plain', 'hello'),
    ]),
    same('chunks', 'a body in pieces', [
      stream('text/plain', 'one', wait(5), 'two', wait(5), 'three'),
    ]),
    same('events', 'an event stream', [
      stream(EVENT_STREAM, 'data: 1\n\n', wait(5), 'data: 2\n\n'),
    ]),
    same('binary', 'bytes', [
      send(
        'application/octet-stream',
        Uint8Array.from({ length: 256 }, (_, i) => i),
      ),
    ]),
    same('204', '204', [status(204), empty], { expected: 204 }),
    {
      id: 'fast-304',
      title: 'a fast answer is the same, byte for byte: 304 by If-None-Match',
      options: NO_BEAT_YET,
      script: [etagged({ a: 1 })],
      async run(cell) {
        const etag = (await sameAsBare(cell)).headers.etag ?? '';
        const reply = await sameAsBare(cell, { headers: { 'If-None-Match': etag } });
        cell.expect(reply.status).toBe(304);
      },
    },
    same('206', '206 by Range', [file], {
      ask: { headers: { Range: 'bytes=2-9' } },
      expected: 206,
    }),
    same('redirect', 'a redirect', [redirect(302, '/there')], { expected: 302 }),
    same('error-status', 'an error status', [status(422), json({ why: 'no' })], {
      expected: 422,
      faults: (['HTTP/1.1', 'HTTP/1.0'] as const).map((protocol) => ({
        where: { app: 'fetch', runtime: 'Deno', protocol },
        because: 'On Deno the header names of a fast error status leave in lower case.',
      })),
    }),
    same('error-page', 'the framework’s page for a thrown error', [fail(409)], {
      expected: 409,
      not: NO_CATCH,
    }),
    same('not-found', 'the framework’s page for an unknown path', [json({})], {
      ask: { path: '/unknown' },
      expected: 404,
      not: NO_ROUTER,
    }),
    same('cookies', 'two cookies', [cookie('a', '1'), cookie('b', '2'), json({})]),
    same('upload', 'a body that is read', [read, echo], {
      ask: { method: 'POST', body: 'x'.repeat(100_000), headers: { 'Content-Type': 'text/plain' } },
    }),
    same('head', 'HEAD', [json({ a: 1 })], { ask: { method: 'HEAD' } }),
    same('options', 'OPTIONS', [json({ a: 1 })], { ask: { method: 'OPTIONS' } }),
    same('cors', 'CORS', [json({ a: 1 })], {
      around: ['cors'],
      ask: { headers: { Origin: 'https://page.example' } },
    }),
    same(
      'compressed',
      'compressed between holdOpen and the handler',
      [send('text/plain', 'a'.repeat(5_000))],
      {
        around: ['compression inside'],
        ask: { headers: { 'Accept-Encoding': 'gzip' } },
      },
    ),
    same(
      'compressed-outside',
      'compressed around holdOpen',
      [send('text/plain', 'a'.repeat(5_000))],
      {
        around: ['compression outside'],
        ask: { headers: { 'Accept-Encoding': 'gzip' } },
        not: FIRST_IN_HONO,
      },
    ),
  ],
};
