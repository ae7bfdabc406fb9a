// Promise 2, harmless: bodies in pieces, beats between them, and what is left alone.
import type { UntouchedReason } from '@holdopen/core';
import type { Exception, Group, Row } from '../row.js';
import {
  beats,
  bulk,
  EVENT_STREAM,
  events,
  header,
  held,
  type Piece,
  send,
  stream,
  wait,
} from '../steps.js';
import {
  cutError,
  dataOf,
  heldPayload,
  isByFetch,
  isHeld,
  isUntouched,
  isUntouchedFor,
  notByFetch,
  readEvents,
} from './checks.js';

const EVENTS = { headers: { Accept: EVENT_STREAM } } as const;

/** Longer than two intervals: a beat would have come. */
const LONG = wait(200);

/** `{"packed":true}` in gzip. */
const PACKED = Uint8Array.from(
  atob('H4sIAAAAAAACA6tWKkhMzk5NUbIqKSpNrQUAieC13A8AAAA='),
  (character) => character.charCodeAt(0),
);

const ENCODED_BELOW: readonly Exception[] = [
  {
    where: { runtime: 'workerd' },
    because: 'Workers take the body of a Response as plain, and encode it as its headers say.',
  },
];

/** What is ready is only looked into by fetch, and told of, if its type may carry beats. */
const LOOKED_INTO: readonly UntouchedReason[] = ['charset', 'length', 'encoding'];

function passes(
  id: string,
  title: string,
  reason: UntouchedReason,
  type: string,
  extra: readonly [string, string][] = [],
): Row {
  return {
    id: `passes-${id}`,
    title: `left alone: ${title}`,
    script: [
      ...extra.map(([name, value]) => header(name, value)),
      stream(type, 'data: 1\n\n', LONG, wait(300), 'data: 2\n\n'),
    ],
    async check(reply, cell) {
      const told = LOOKED_INTO.includes(reason) || !isByFetch(cell.target);
      if (told) await isUntouchedFor(reason, reply, cell);
      else isUntouched(reply, cell);
      cell.expect(reply.body).toBe('data: 1\n\ndata: 2\n\n');
    },
  };
}

function ownStream(id: string, title: string, pieces: readonly Piece[], body: RegExp): Row {
  return {
    id: `own-${id}`,
    title,
    script: [stream(EVENT_STREAM, ...pieces)],
    check(reply, { expect }) {
      expect(reply.status).toBe(200);
      expect(reply.headers).not.toHaveProperty('holdopen');
      expect(reply.body).toMatch(body);
      expect(reply.ended).toBe('complete');
    },
  };
}

export const streams: Group = {
  title: 'Bodies in pieces',
  rows: [
    ownStream(
      'sse',
      'a stream of the handler’s own gets beats between its events and its lines, never in a line',
      ['data: 1\n\n', beats(2), 'data: 2\n', beats(2), 'da', LONG, 'ta: 3\n\n', beats(2)],
      /^data: 1\n\n: holdopen interval=60\n\n(: keepalive\n\n)+data: 2\n(:\n)+data: 3\n\n(: keepalive\n\n)+$/,
    ),
    ownStream(
      'sse-crlf',
      'the same with CRLF',
      ['data: 1\r\n\r\n', beats(2), 'data: 2\r\n', beats(2), 'data: 3\r\n\r\n'],
      /^data: 1\r\n\r\n: holdopen interval=60\n\n(: keepalive\n\n)+data: 2\r\n(:\n)+data: 3\r\n\r\n$/,
    ),
    ownStream(
      'sse-cr',
      'behind a lone CR no beat comes, since a LF may follow',
      ['data: 1\r', LONG, 'data: 2\r\r', LONG, 'data: 3\r\r'],
      /^data: 1\rdata: 2\r\rdata: 3\r\r$/,
    ),
    ownStream(
      'sse-crlf-split',
      'a CRLF that is split between chunks stays whole',
      ['data: 1\r', LONG, '\n\r', LONG, '\n', beats(2), 'data: 2\r\n\r\n'],
      /^data: 1\r\n\r\n: holdopen interval=60\n\n(: keepalive\n\n)*data: 2\r\n\r\n$/,
    ),
    {
      id: 'own-sse-silent',
      title: 'a stream that is silent behind its head gets beats',
      script: [stream(EVENT_STREAM, '', beats(2), 'data: 1\n\n')],
      check(reply, { expect }) {
        expect(reply.body).toMatch(/^(: [a-z]+.*\n\n){2,}data: 1\n\n$/);
      },
    },
    {
      id: 'own-sse-beats',
      title: 'a stream that beats by itself is not beaten twice',
      options: { firstBeatMs: 1_000, intervalMs: 1_000 },
      script: [
        stream(EVENT_STREAM, ...Array.from({ length: 30 }, () => [': own\n\n', wait(50)]).flat()),
      ],
      check(reply, { expect }) {
        expect(reply.body).toBe(': own\n\n'.repeat(30));
      },
    },
    {
      id: 'own-json',
      title: 'a document that its handler streams gets beats between its tokens',
      script: [
        stream('application/json', '{"a": ', beats(2), '[1', LONG, '23,', beats(2), '"x"]}'),
      ],
      check(reply, { expect }) {
        expect(reply.headers).not.toHaveProperty('holdopen');
        expect(reply.body).toMatch(/^\{"a": \n+\[123,\n+"x"\]\}$/);
      },
      not: notByFetch('A Response of JSON that comes in time is not looked into.'),
    },
    {
      id: 'sse-pieces',
      title: 'an event stream behind a held head arrives whole, with beats between its pieces',
      ask: EVENTS,
      script: [
        beats(2),
        stream(EVENT_STREAM, 'id: 1\nda', LONG, 'ta: a\n', beats(2), 'data: b\n\n', beats(2)),
      ],
      check(reply, cell) {
        isHeld(reply, cell, 'sse');
        cell
          .expect(reply.body)
          .toMatch(/^(: keepalive\n\n){2,}id: 1\ndata: a\n(:\n)+data: b\n\n(: keepalive\n\n)+$/);
        cell.expect(readEvents(reply.body).events).toMatchObject([{ id: '1', data: 'a\nb' }]);
      },
    },
    {
      id: 'sse-helper',
      title: 'the framework’s own helper for event streams works behind a held head',
      ask: EVENTS,
      script: [held, events(150, 'one', 'two')],
      check(reply, cell) {
        isHeld(reply, cell, 'sse');
        cell.expect(dataOf(reply.body)).toEqual(['one', 'two']);
        cell.expect(reply.ended).toBe('complete');
      },
    },
    {
      id: 'own-sse-helper',
      title: 'and in time, when its stream has gaps',
      script: [events(400, 'one', 'two')],
      check(reply, { expect }) {
        expect(dataOf(reply.body)).toEqual(['one', 'two']);
        expect(reply.body).toContain(': holdopen interval=60\n\n');
        expect(reply.ended).toBe('complete');
      },
      not: (['Node', 'newest Node'] as const).map((runtime) => ({
        where: { app: 'hono', runtime, protocol: 'HTTP/2' },
        because:
          'Hono’s streamSSE sends Transfer-Encoding, on which a server of node:http2 breaks, with and without holdOpen.',
      })),
    },
    {
      id: 'json-on-sse',
      title: 'a document on an event stream is one message event, also when it has line ends',
      ask: EVENTS,
      script: [beats(2), send('application/json', '{\n  "a": 1\r\n}')],
      check(reply, cell) {
        isHeld(reply, cell, 'sse');
        cell.expect(dataOf(reply.body).map((data) => JSON.parse(data))).toEqual([{ a: 1 }]);
        cell.expect(reply.body).toMatch(/^(: keepalive\n\n){2,}data: /);
      },
    },
    {
      id: 'sse-on-json',
      title: 'an event stream on a JSON hold is passed on, and the hold becomes one of events',
      script: [
        beats(2),
        stream(EVENT_STREAM, 'data: 1\n\n', beats(2), 'data: 2\n', beats(2), '\n'),
      ],
      check(reply, cell) {
        isHeld(reply, cell, 'json');
        cell.expect(reply.body).toMatch(/^\n{2,}data: 1\n\n(: .*\n\n)+data: 2\n(:\n)+\n$/);
        cell.expect(dataOf(reply.body)).toEqual(['1', '2']);
      },
    },
    {
      id: 'json-pieces',
      title: 'a held document in pieces gets beats between its tokens, never in one',
      script: [
        held,
        stream('application/json', '["o', LONG, 'ne", ', beats(2), '2', LONG, '3,', beats(2), '4]'),
      ],
      check(reply, cell) {
        isHeld(reply, cell);
        cell.expect(reply.body).toMatch(/^\n+\["one", \n+23,\n+4\]$/);
        cell.expect(JSON.parse(reply.body)).toEqual(['one', 23, 4]);
        cell.expect(reply.ended).toBe('complete');
      },
    },
    {
      id: 'json-leading',
      title: 'a byte order mark and white space before a held document are swallowed',
      script: [held, send('application/json', '\ufeff \n\t{"a":1}')],
      check(reply, cell) {
        cell.expect(heldPayload(reply, cell).payload).toBe('{"a":1}');
        cell.expect(reply.bytes.includes(0xef)).toBe(false);
      },
    },
    {
      id: 'sse-leading',
      title: 'a byte order mark before held events is swallowed',
      ask: EVENTS,
      script: [held, stream(EVENT_STREAM, '\ufeffdata: 1\n\n')],
      check(reply, cell) {
        isHeld(reply, cell, 'sse');
        cell.expect(dataOf(reply.body)).toEqual(['1']);
        cell.expect(reply.bytes.includes(0xef)).toBe(false);
      },
    },
    {
      id: 'encoded',
      title: 'a payload that comes encoded after the commit is decoded',
      script: [held, header('Content-Encoding', 'gzip'), send('application/json', PACKED)],
      check(reply, cell) {
        cell.expect(reply.headers).not.toHaveProperty('content-encoding');
        // The last brace waits for the decoder's end, and a beat may come before it.
        cell.expect(JSON.parse(heldPayload(reply, cell).payload)).toEqual({ packed: true });
      },
      not: ENCODED_BELOW,
    },
    {
      id: 'undecodable',
      title: 'one in a coding that cannot be undone is a failure with its own code',
      script: [held, header('Content-Encoding', 'x-unknown'), send('application/json', '{"a":1}')],
      check(reply, cell) {
        cell.expect(cutError(reply, cell).error).toMatchObject({ code: 'undecodable' });
      },
      not: ENCODED_BELOW,
    },
    {
      id: 'huge',
      title: 'a payload of megabytes arrives whole',
      script: [
        held,
        stream('application/json', '["', bulk(3_000_000), bulk(1), bulk(2_000_000), '"]'),
      ],
      check(reply, cell) {
        const { payload } = heldPayload(reply, cell);
        cell.expect(payload.length).toBe(5_000_005);
        cell.expect(/^\["x+"\]$/.test(payload)).toBe(true);
      },
    },
    passes('html', 'HTML', 'type', 'text/html'),
    passes('bytes', 'bytes', 'type', 'application/octet-stream'),
    passes('text', 'plain text', 'type', 'text/plain'),
    passes(
      'charset',
      'a charset other than UTF-8',
      'charset',
      'text/event-stream; charset=iso-8859-1',
    ),
    passes('length', 'a head with a Content-Length', 'length', EVENT_STREAM, [
      ['Content-Length', '18'],
    ]),
    passes('encoding', 'a body that is encoded', 'encoding', EVENT_STREAM, [
      ['Content-Encoding', 'x-own'],
    ]),
  ],
};
