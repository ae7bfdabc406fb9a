// A status, headers or error that became known after the commit.

import { anyPrefixParses } from '../../support/held-json.js';
import type { Cell } from '../cell.js';
import type { Reply } from '../client/exchange.js';
import type { Exception, Group } from '../row.js';
import {
  beats,
  cookie,
  EVENT_STREAM,
  empty,
  fail,
  header,
  held,
  json,
  redirect,
  send,
  status,
  stream,
  wait,
} from '../steps.js';
import { cutError, dataOf, heldPayload, isCut, isHeld, notByFetch, readEvents } from './checks.js';

const EVENTS = { headers: { Accept: EVENT_STREAM } } as const;

const NO_ERROR_HANDLER: readonly Exception[] = [
  { where: { app: 'node' }, because: 'There are no error handlers.' },
  { where: { app: 'fetch' }, because: 'There are no error handlers.' },
];

const CATCHES: readonly Exception[] = (['express', 'fastify', 'hono'] as const).map((app) => ({
  where: { app },
  because: 'The framework itself catches what a handler throws, answers for it and logs it.',
}));

/** Bun does it by itself. */
const NO_RESET = notByFetch('A Response cannot reset its connection.', { protocol: 'HTTP/1.0' }, [
  'Node',
  'newest Node',
  'Deno',
  'workerd',
]);

const DESTROYED_ON_BUN: readonly Exception[] = (['express', 'fastify'] as const).map((app) => ({
  where: { app, runtime: 'Bun', protocol: 'HTTP/1.0' },
  because: 'On Bun a stream that its framework destroys ends without a reset.',
}));

/** A failed stream cannot be taken for one that came to its end. */
function tellsFailure(reply: Reply, cell: Cell): void {
  const { events } = readEvents(reply.body);
  if (events.at(-1)?.event !== 'error') isCut(reply, cell);
  cell.expect(events[0]?.data).toBe('1');
}

export const lateOutcome: Group = {
  title: 'The late outcome',
  rows: [
    {
      id: 'late-200',
      title: 'listed headers of a late 200 stand in the late head, others are left out',
      script: [
        held,
        header('Retry-After', '5'),
        header('Link', '</a>; rel="next"'),
        header('RateLimit-Remaining', '3'),
        header('X-Other', '1'),
        json({}),
      ],
      async check(reply, cell) {
        const { lateHead, payload } = heldPayload(reply, cell);
        cell.expect(lateHead?.status).toBe(200);
        cell.expect(Object.fromEntries(lateHead?.headers ?? [])).toEqual({
          'retry-after': '5',
          link: '</a>; rel="next"',
          'ratelimit-remaining': '3',
        });
        cell.expect(payload).toBe('{}');
        cell.expect(await cell.noted('onLateOutcome')).toMatchObject({ ok: true, status: 200 });
      },
    },
    {
      id: 'late-201',
      title: 'a late 201 stands in the late head with its Location',
      script: [held, status(201), header('Location', '/7'), json({ id: 7 })],
      async check(reply, cell) {
        cell.expect(heldPayload(reply, cell)).toMatchObject({
          lateHead: { status: 201, headers: [['location', '/7']] },
          payload: '{"id":7}',
        });
        cell.expect(await cell.noted('onLateOutcome')).toMatchObject({
          ok: true,
          status: 201,
          headers: [['location', '/7']],
        });
      },
    },
    {
      id: 'late-204',
      title: 'a late 204 is null behind its late head',
      script: [held, status(204), empty],
      check(reply, cell) {
        cell.expect(heldPayload(reply, cell)).toMatchObject({
          lateHead: { status: 204 },
          payload: 'null',
        });
      },
    },
    {
      id: 'late-303',
      title: 'a late redirect cannot be followed any more: a failure with its Location',
      script: [held, redirect(303, '/there')],
      check(reply, cell) {
        cell.expect(cutError(reply, cell)).toMatchObject({
          status: 303,
          headers: { location: '/there' },
          error: { completion_status: 303, code: 'late_redirect' },
        });
      },
    },
    {
      id: 'late-404',
      title: 'a late 404 with a text becomes a problem object and is cut',
      script: [held, status(404), send('text/plain', 'no such thing')],
      check(reply, cell) {
        cell.expect(cutError(reply, cell)).toMatchObject({
          status: 404,
          error: {
            type: 'about:blank',
            title: 'Not Found',
            completion_status: 404,
            code: 'error_status',
            body: 'no such thing',
          },
        });
      },
    },
    {
      id: 'late-422',
      title: 'a late error with a JSON object leaves as it is, without its last brace',
      script: [held, status(422), json({ why: 'no', at: [1, 2] })],
      async check(reply, cell) {
        cell.expect(cutError(reply, cell)).toMatchObject({
          status: 422,
          error: { why: 'no', at: [1, 2] },
        });
        cell.expect(await cell.noted('onLateOutcome')).toMatchObject({
          ok: false,
          status: 422,
          code: 'error_status',
        });
      },
    },
    {
      id: 'late-cut',
      title: 'a cut can be seen: no last chunk, a reset stream, over HTTP/1.0 a reset connection',
      script: [held, status(422), json({ why: 'no' })],
      check(reply, { expect }) {
        expect(reply.ended).toBe('cut');
      },
      not: NO_RESET,
    },
    {
      id: 'late-429',
      title: 'a late error keeps its listed headers',
      script: [held, status(429), header('Retry-After', '9'), json({ why: 'slow down' })],
      check(reply, cell) {
        cell.expect(cutError(reply, cell)).toMatchObject({
          status: 429,
          headers: { 'retry-after': '9' },
        });
      },
    },
    {
      id: 'late-500',
      title: 'a late 500 without a body is a problem object',
      script: [held, status(500), empty],
      check(reply, cell) {
        cell.expect(cutError(reply, cell)).toMatchObject({
          status: 500,
          error: { completion_status: 500, code: 'error_status' },
        });
      },
    },
    {
      id: 'late-throw',
      title: 'a handler that throws after the commit is a late 500, and cut',
      script: [held, fail()],
      async check(reply, cell) {
        cell.expect(cutError(reply, cell).status).toBe(500);
        cell.expect(await cell.noted('onLateOutcome')).toMatchObject({ ok: false, status: 500 });
      },
    },
    {
      id: 'late-throw-status',
      title: 'the status of a thrown error is the late one',
      script: [held, fail(409)],
      check(reply, cell) {
        cell.expect(cutError(reply, cell).status).toBe(409);
      },
    },
    {
      id: 'late-throw-message',
      title: 'the message of a thrown error is not shown',
      script: [held, fail()],
      check(reply, cell) {
        cutError(reply, cell);
        cell.expect(reply.body).not.toContain('secret');
      },
      not: [
        {
          where: { app: 'fastify' },
          because: 'Fastify’s own error body has the message, with and without holdOpen.',
        },
      ],
    },
    {
      id: 'late-throw-hook',
      title: 'onLateOutcome is given the thrown error',
      script: [held, fail()],
      async check(_reply, cell) {
        cell.expect(await cell.noted('onLateOutcome')).toMatchObject({
          code: 'handler_error',
          error: 'an error',
        });
      },
      not: CATCHES,
    },
    {
      id: 'late-throw-console',
      title: 'without onLateOutcome a thrown error goes to the console',
      bareHooks: true,
      script: [held, fail(418)],
      async run(cell) {
        await cell.ask();
        await cell.errorsHave(/handler failed after the head had been sent \(late 418\)/);
      },
      not: CATCHES,
    },
    {
      id: 'late-error-handler',
      title: 'the framework’s error handler answers after the commit, too',
      around: ['error handler'],
      script: [held, fail()],
      check(reply, cell) {
        cell.expect(cutError(reply, cell)).toMatchObject({
          status: 418,
          error: { handled: 'secret of the handler' },
        });
      },
      not: NO_ERROR_HANDLER,
    },
    {
      id: 'late-logged',
      title: 'who looks at the end of the response sees the true status',
      mount: 'global',
      around: ['logger'],
      ask: { headers: { Accept: 'application/json' } },
      script: [held, status(422), json({})],
      async check(_reply, cell) {
        cell.expect(await cell.noted('logged')).toMatchObject({ status: 422 });
      },
      not: [{ where: { app: 'fetch' }, because: 'There is no place for a logger.' }],
    },
    {
      id: 'late-error-body',
      title: "lateError: 'body' sends the error whole and ends cleanly",
      options: { lateError: 'body' },
      script: [held, status(422), json({ why: 'no' })],
      check(reply, cell) {
        cell.expect(heldPayload(reply, cell)).toMatchObject({
          lateHead: { status: 422 },
          payload: '{"why":"no"}',
        });
      },
    },
    {
      id: 'late-error-function',
      title: 'lateError as a function: its value leaves behind the true status',
      options: {
        lateError: (outcome) => ({ jsonrpc: '2.0', error: { code: -outcome.status } }),
      },
      script: [held, status(422), json({ why: 'no' })],
      check(reply, cell) {
        cell.expect(heldPayload(reply, cell)).toMatchObject({
          lateHead: { status: 422 },
          payload: '{"jsonrpc":"2.0","error":{"code":-422}}',
        });
      },
    },
    {
      id: 'late-error-function-throws',
      title: 'a lateError function that throws leaves a cut',
      options: {
        lateError() {
          throw new Error('in lateError');
        },
      },
      script: [held, status(422), json({ why: 'no' })],
      check(reply, cell) {
        cell.expect(cutError(reply, cell).status).toBe(422);
      },
    },
    {
      id: 'late-headers',
      title: 'lateHeaders lets further names into the late head',
      options: { lateHeaders: ['X-Request-Id'] },
      script: [held, header('X-Request-Id', 'r7'), json({})],
      check(reply, cell) {
        cell.expect(heldPayload(reply, cell).lateHead).toEqual({
          status: 200,
          headers: [['x-request-id', 'r7']],
        });
      },
    },
    {
      id: 'late-headers-size',
      title: 'a header that does not fit into the late head is left out, smaller ones stay',
      script: [
        held,
        header('Link', `</${'x'.repeat(300)}>; rel="next"`),
        header('Retry-After', '5'),
        json({}),
      ],
      check(reply, cell) {
        cell.expect(heldPayload(reply, cell).lateHead?.headers).toEqual([['retry-after', '5']]);
      },
    },
    {
      id: 'late-cookie',
      title: 'a cookie that is set after the commit is dropped',
      script: [held, cookie('late', '1'), json({})],
      check(reply, cell) {
        cell.expect(reply.cookies).toEqual([]);
        cell.expect(heldPayload(reply, cell)).toMatchObject({ lateHead: undefined, payload: '{}' });
      },
    },
    {
      id: 'late-html',
      title: 'HTML after a JSON head is a failure with its own code, and never spliced in',
      script: [held, send('text/html', '<p>hello</p>')],
      check(reply, cell) {
        cell.expect(cutError(reply, cell)).toMatchObject({
          status: 500,
          error: { code: 'wrong_type', completion_status: 500 },
        });
        cell.expect(reply.body).not.toContain('<p>');
      },
    },
    {
      id: 'late-binary',
      title: 'bytes after a JSON head are a failure, too',
      script: [held, send('application/octet-stream', Uint8Array.of(0, 1, 2))],
      check(reply, cell) {
        cell.expect(cutError(reply, cell).error).toMatchObject({ code: 'wrong_type' });
      },
    },
    {
      id: 'late-sse-status',
      title: 'on an event stream the true status stands in a comment, the document in an event',
      ask: EVENTS,
      script: [held, status(422), header('Retry-After', '5'), json({ why: 'no' })],
      check(reply, cell) {
        isHeld(reply, cell, 'sse');
        const { events, comments } = readEvents(reply.body);
        cell.expect(comments).toContain('holdopen status=422, retry-after="5"');
        cell.expect(events).toMatchObject([{ data: '{"why":"no"}' }]);
        cell.expect(events[0]?.event).toBeUndefined();
        cell.expect(reply.ended).toBe('complete');
      },
    },
    {
      id: 'late-sse-error',
      title: 'on an event stream a failure is an error event with a long retry, and a clean end',
      ask: EVENTS,
      script: [held, status(503), send('text/plain', 'busy')],
      check(reply, cell) {
        isHeld(reply, cell, 'sse');
        cell
          .expect(reply.body)
          .toContain(': holdopen status=503\n\nevent: error\nretry: 86400000\n');
        const last = readEvents(reply.body).events.at(-1);
        cell.expect(JSON.parse(last?.data ?? '')).toMatchObject({
          completion_status: 503,
          code: 'error_status',
          body: 'busy',
        });
        cell.expect(reply.ended).toBe('complete');
      },
    },
    {
      id: 'late-sse-204',
      title: 'a late 204 on an event stream is no event',
      ask: EVENTS,
      script: [held, status(204), empty],
      check(reply, cell) {
        const { events, comments } = readEvents(reply.body);
        cell.expect(events).toEqual([]);
        cell.expect(comments).toContain('holdopen status=204');
        cell.expect(reply.ended).toBe('complete');
      },
    },
    {
      id: 'late-sse-fails',
      title: 'an event stream that fails behind an event tells so',
      ask: EVENTS,
      script: [held, stream(EVENT_STREAM, 'data: 1\n\n', beats(2), fail())],
      check: tellsFailure,
      faults: DESTROYED_ON_BUN,
    },
    {
      id: 'own-sse-fails',
      title: 'so does one that its handler began',
      script: [stream(EVENT_STREAM, 'data: 1\n\n', beats(2), fail())],
      check: tellsFailure,
      faults: DESTROYED_ON_BUN,
    },
    {
      id: 'late-sse-fails-inside',
      title: 'an event stream that fails inside an event is cut',
      ask: EVENTS,
      script: [held, stream(EVENT_STREAM, 'data: 1\n\ndata: 2', wait(100), fail())],
      check(reply, cell) {
        isCut(reply, cell);
        cell.expect(dataOf(reply.body)).toEqual(['1']);
      },
      faults: DESTROYED_ON_BUN,
    },
    {
      id: 'late-json-fails',
      title: 'a document that fails behind its last brace is cut before it',
      script: [held, stream('application/json', '{"a":1', wait(20), '}', wait(100), fail())],
      check(reply, cell) {
        isHeld(reply, cell);
        isCut(reply, cell);
        cell.expect(reply.body).toContain('{"a":1');
        cell.expect(anyPrefixParses(reply.body)).toBe(false);
      },
      faults: DESTROYED_ON_BUN,
    },
    {
      id: 'late-ndjson-error',
      title: 'on records a failure is a last record, and cut',
      options: { format: 'ndjson' },
      script: [held, status(422), json({ why: 'no' })],
      check(reply, cell) {
        isHeld(reply, cell, 'ndjson');
        cell.expect(reply.body).toMatch(/^ +\{"error":\{"why":"no"\}\}\n$/);
        isCut(reply, cell);
      },
    },
    {
      id: 'late-json-seq-error',
      title: 'on a text sequence likewise',
      options: { format: 'json-seq' },
      script: [held, status(422), json({ why: 'no' })],
      check(reply, cell) {
        cell
          .expect(reply.body.replaceAll('\u001e', 'RS'))
          .toMatch(/^(RS)+\{"error":\{"why":"no"\}\}\n$/);
        isCut(reply, cell);
      },
    },
  ],
};
