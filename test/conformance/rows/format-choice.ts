// Which format a response is held in, or none.
import type { BeatFormat } from '@holdopen/core';
import type { Exception, Group, Row } from '../row.js';
import { beats, EVENT_STREAM, header, held, json, send, state, stream, wait } from '../steps.js';
import {
  dataOf,
  heldPayload,
  isHeld,
  isUntouched,
  isUntouchedFor,
  NOT_FETCH_HEADERS,
} from './checks.js';

const NOT_GLOBAL: Exception = {
  where: { app: 'fetch' },
  because: 'fetch has one mount, around the handler, and it counts as a route.',
};

type Format = 'json' | 'sse' | 'none';

function accept(
  mount: 'route' | 'global',
  value: string | undefined,
  format: Format,
  id: string,
): Row {
  const asked = value === undefined ? 'no Accept' : `Accept: ${value}`;
  const becomes = format === 'none' ? 'passes untouched' : `is held as ${format}`;
  return {
    id: `accept-${mount}-${id}`,
    title: `${mount === 'route' ? 'on a route' : 'mounted globally'} ${asked} ${becomes}`,
    mount,
    ...(value === undefined ? {} : { ask: { headers: { Accept: value } } }),
    script: [format === 'none' ? state('untouched') : held, json({ a: 1 })],
    async check(reply, cell) {
      if (format === 'none') {
        await isUntouchedFor('accept', reply, cell);
        cell.expect(reply.body).toBe('{"a":1}');
      } else if (format === 'sse') {
        isHeld(reply, cell, 'sse');
        cell.expect(dataOf(reply.body)).toEqual(['{"a":1}']);
      } else {
        cell.expect(heldPayload(reply, cell).payload).toBe('{"a":1}');
      }
    },
    ...(mount === 'global' ? { not: [NOT_GLOBAL] } : {}),
  };
}

const dots: BeatFormat = {
  name: 'dots',
  contentType: 'text/plain',
  matches: (mediaType) => mediaType === 'text/plain',
  createTracker: () => ({ push() {}, place: () => 'boundary' }),
  beat: () => new TextEncoder().encode('.\n'),
};

export const formatChoice: Group = {
  title: 'The choice of the format',
  rows: [
    accept('route', undefined, 'json', 'absent'),
    accept('route', '*/*', 'json', 'any'),
    accept('route', 'application/*', 'json', 'application'),
    accept('route', 'application/vnd.api+json', 'json', 'plus-json'),
    accept('route', 'text/html, application/json;q=0.5', 'json', 'q'),
    accept('route', 'application/json;q=0, */*', 'none', 'ruled-out'),
    accept('route', 'text/html', 'none', 'html'),
    accept('route', 'text/event-stream', 'sse', 'events'),
    accept('route', 'application/json, text/event-stream', 'sse', 'both'),
    accept('route', 'text/event-stream;q=0, application/json', 'json', 'events-ruled-out'),
    accept('global', undefined, 'none', 'absent'),
    accept('global', '*/*', 'none', 'any'),
    accept('global', 'application/json', 'json', 'json'),
    accept('global', 'application/problem+json, application/json;q=0.9', 'json', 'plus-json'),
    accept('global', 'application/json, text/plain;q=0', 'json', 'q-0'),
    accept('global', 'application/json, text/plain, */*', 'none', 'axios'),
    accept('global', 'application/json, text/html;q=0.1', 'none', 'html-too'),
    accept('global', 'text/event-stream', 'sse', 'events'),
    accept('global', 'application/json, text/event-stream', 'sse', 'both'),
    {
      id: 'type-before-accept',
      title: 'a type that the handler has set goes before Accept: JSON is held',
      mount: 'global',
      ask: { headers: { Accept: '*/*' } },
      script: [header('Content-Type', 'application/json; charset=utf-8'), held, json({ a: 1 })],
      check(reply, cell) {
        cell.expect(heldPayload(reply, cell).payload).toBe('{"a":1}');
      },
      not: [NOT_FETCH_HEADERS],
    },
    {
      id: 'type-without-beats',
      title: 'a type that the handler has set goes before Accept: HTML passes',
      ask: { headers: { Accept: 'application/json' } },
      script: [header('Content-Type', 'text/html'), state('untouched'), send('text/html', '<p>')],
      async check(reply, cell) {
        await isUntouchedFor('type', reply, cell);
        cell.expect(reply.body).toBe('<p>');
      },
      not: [NOT_FETCH_HEADERS],
    },
    {
      id: 'format-json',
      title: "format: 'json' holds what Accept leaves open",
      mount: 'global',
      options: { format: 'json' },
      ask: { headers: { Accept: '*/*' } },
      script: [held, json({ a: 1 })],
      check(reply, cell) {
        cell.expect(heldPayload(reply, cell).payload).toBe('{"a":1}');
      },
    },
    {
      id: 'format-sse',
      title: "format: 'sse' goes before Accept",
      options: { format: 'sse' },
      ask: { headers: { Accept: 'application/json' } },
      script: [held, stream(EVENT_STREAM, 'data: 1\n\n')],
      check(reply, cell) {
        isHeld(reply, cell, 'sse');
        cell.expect(dataOf(reply.body)).toEqual(['1']);
      },
    },
    {
      id: 'format-function',
      title: 'format as a function goes by the request',
      options: (tools) => ({
        format: (request) => (tools.header(request, 'x-stream') === 'yes' ? 'sse' : 'json'),
      }),
      script: [held, json({ a: 1 })],
      async run(cell) {
        isHeld(await cell.ask({ headers: { 'X-Stream': 'yes' } }), cell, 'sse');
        isHeld(await cell.ask(), cell, 'json');
      },
    },
    {
      id: 'format-own',
      title: 'a BeatFormat of the user’s own sends its beats and is announced by its name',
      options: { format: dots },
      script: [beats(2), send('text/plain', 'done\n')],
      check(reply, cell) {
        isHeld(reply, cell, 'dots');
        cell.expect(reply.headers['content-type']).toMatch(/^text\/plain/);
        cell.expect(reply.body).toMatch(/^(\.\n){2,}done\n$/);
        cell.expect(reply.ended).toBe('complete');
      },
    },
    {
      id: 'ndjson',
      title: "format: 'ndjson' beats with spaces at the start of a line",
      options: { format: 'ndjson' },
      script: [
        beats(2),
        stream('application/x-ndjson', '{"a":1}\n', beats(2), '{"a":', wait(150), '2}\n'),
      ],
      check(reply, cell) {
        isHeld(reply, cell, 'ndjson');
        // Some servers gather the first records, so that no gap is seen between them.
        cell.expect(reply.body).toMatch(/^ {2,}\{"a":1\}\n *\{"a":2\}\n$/);
      },
    },
    {
      id: 'ndjson-own-head',
      title: "format: 'ndjson' holds a stream that its handler began",
      options: { format: 'ndjson' },
      script: [stream('application/x-ndjson', '{"a":1}\n', beats(2), '{"a":2}\n')],
      check(reply, cell) {
        cell.expect(reply.headers).not.toHaveProperty('holdopen');
        cell.expect(reply.body).toMatch(/^\{"a":1\}\n +\{"a":2\}\n$/);
      },
    },
    {
      id: 'ndjson-not-asked',
      title: 'NDJSON is left alone where format does not ask for it',
      script: [stream('application/x-ndjson', '{"a":1}\n', wait(200), '{"a":2}\n')],
      check(reply, cell) {
        isUntouched(reply, cell);
        cell.expect(reply.body).toBe('{"a":1}\n{"a":2}\n');
      },
    },
    {
      id: 'json-seq',
      title: "format: 'json-seq' beats with record separators between texts",
      options: { format: 'json-seq' },
      script: [
        beats(2),
        stream(
          'application/json-seq',
          '\u001e{"a":1}\n',
          beats(2),
          '\u001e{"a":',
          wait(150),
          '2}\n',
        ),
      ],
      check(reply, cell) {
        isHeld(reply, cell, 'json-seq');
        const texts = reply.body.split('\u001e').filter((text) => text !== '');
        cell.expect(texts).toEqual(['{"a":1}\n', '{"a":2}\n']);
        cell.expect(reply.body.replaceAll('\u001e', 'RS')).toMatch(/\n(RS){2,}\{/);
      },
    },
  ],
};
