import {
  type BeatFormat,
  formatByAccept,
  formatByType,
  formatOfStream,
  isHoldableMethod,
  resolveOptions,
} from '@holdopen/core';
import { describe, expect, test } from 'vitest';
import { isUtf8, parseContentType } from '../src/negotiate.js';

const { formats } = resolveOptions();

describe('the format that Accept opens', () => {
  test.each<[accept: string | undefined, route: string | undefined, global: string | undefined]>([
    [undefined, 'json', undefined],
    ['', 'json', undefined],
    ['*/*', 'json', undefined],
    ['application/json', 'json', 'json'],
    ['APPLICATION/JSON', 'json', 'json'],
    ['application/json; charset=utf-8', 'json', 'json'],
    ['application/vnd.api+json', 'json', 'json'],
    ['application/problem+json, application/json;q=0.9', 'json', 'json'],
    ['application/*', 'json', undefined],
    ['text/html', undefined, undefined],
    ['text/*', undefined, undefined],
    ['image/png, */*;q=0.1', 'json', undefined],
    // axios and Angular ask for everything so, PDFs too.
    ['application/json, text/plain, */*', 'json', undefined],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'json', undefined],
    // Every MCP client.
    ['application/json, text/event-stream', 'sse', 'sse'],
    ['text/event-stream', 'sse', 'sse'],
    ['Text/Event-Stream;q=0.1, application/json', 'sse', 'sse'],
    ['text/event-stream, */*', 'sse', undefined],
    ['text/event-stream;q=0, application/json', 'json', 'json'],
    ['text/event-stream;q=0.000, */*', 'json', undefined],
    ['application/json;q=0', undefined, undefined],
    ['application/json;q=0, */*', undefined, undefined],
    ['application/json;q=0, text/event-stream', 'sse', 'sse'],
    ['*/*;q=0', undefined, undefined],
    ['application/*;q=0, */*', undefined, undefined],
    ['application/*;q=0, application/json', 'json', 'json'],
    ['application/ld+json;q=0, application/json', 'json', 'json'],
    ['*/*;q=0, application/json', 'json', 'json'],
    ['text/html;q=0, application/json', 'json', 'json'],
    ['application/json ; Q = 0 , */*', undefined, undefined],
    ['application/json;q=nonsense', 'json', 'json'],
    ['application/json;profile="a,b;q=0"', 'json', 'json'],
    ['application/json;profile="a,\\"text/html,b"', 'json', 'json'],
    ['application/json;profile="text/event-stream, text/html"', 'json', 'json'],
    ['application/json, ', 'json', 'json'],
    ['application/json-seq', undefined, undefined],
    ['application/x-ndjson', undefined, undefined],
  ])('by %j is %s on a route and %s globally', (accept, route, global) => {
    expect(formatByAccept(accept, 'route')).toBe(route);
    expect(formatByAccept(accept, 'global')).toBe(global);
  });
});

describe('the format of a content type', () => {
  test.each([
    ['application/json', 'json'],
    ['Application/JSON; Charset="UTF-8"', 'json'],
    ['application/problem+json', 'json'],
    ['application/json;charset=us-ascii', 'json'],
    ['application/json; profile="a;charset=latin1"', 'json'],
    ['text/event-stream', 'sse'],
    ['text/event-stream;charset=utf-8', 'sse'],
    ['application/json-seq', 'json-seq'],
    ['application/geo+json-seq', 'json-seq'],
  ])('%s is %s', (type, name) => {
    expect(formatByType(type, undefined, formats.all)).toMatchObject({ format: { name } });
  });

  test.each([
    ['text/html', 'type'],
    ['text/json-like', 'type'],
    ['application/jsonp', 'type'],
    ['application/octet-stream', 'type'],
    ['', 'type'],
    ['application/x-ndjson', 'type'],
    ['application/json; charset=utf-16', 'charset'],
    ['text/event-stream; charset=iso-8859-1', 'charset'],
  ])('%j is none, because of its %s', (type, untouched) => {
    expect(formatByType(type, undefined, formats.all)).toEqual({ untouched });
  });

  test.each([
    'application/x-ndjson',
    'application/ndjson',
    'application/jsonl',
    'application/x-jsonlines',
    'application/jsonlines; charset=utf-8',
  ])('%s is NDJSON only where that was asked for', (type) => {
    const asked = formatByType(type, formats.ndjson, formats.all);
    expect(asked).toMatchObject({ format: { name: 'ndjson' } });
    expect(formatByType(type, formats.json, formats.all)).toEqual({ untouched: 'type' });
  });

  test('is a format of the user where that takes the type', () => {
    const mine: BeatFormat = {
      name: 'mine',
      contentType: 'text/mine',
      matches: (mediaType) => mediaType === 'text/mine' || mediaType === 'application/json',
      createTracker: () => ({ push: () => undefined, place: () => 'boundary' }),
      beat: () => undefined,
    };
    expect(formatByType('Text/Mine; x=y', mine, formats.all)).toEqual({ format: mine });
    expect(formatByType('application/json', mine, formats.all)).toEqual({ format: mine });
    const other = formatByType('text/event-stream', mine, formats.all);
    expect(other).toMatchObject({ format: { name: 'sse' } });
  });
});

describe('a content type', () => {
  test.each([
    ['a/b', 'a/b', undefined],
    [' A/B ; charset = UTF-8 ', 'a/b', 'utf-8'],
    ['a/b; charset="Utf-8"', 'a/b', 'utf-8'],
    ['a/b; x="; charset=latin1"; charset=utf8', 'a/b', 'utf8'],
    ['', '', undefined],
  ])('%j is read as %s with the charset %s', (value, mediaType, charset) => {
    expect(parseContentType(value)).toEqual({ mediaType, charset });
  });

  test.each([
    [undefined, true],
    ['utf-8', true],
    ['utf8', true],
    ['us-ascii', true],
    ['iso-8859-1', false],
    ['utf-16', false],
    ['', false],
  ])('with the charset %s can carry beats: %s', (charset, carries) => {
    expect(isUtf8(charset)).toBe(carries);
  });
});

describe('a stream whose head its handler has sent', () => {
  const head = { status: 200, contentType: 'text/event-stream', hasLength: false, encoded: false };

  test('is held in the format of its type, also with an error status', () => {
    for (const status of [200, 201, 400, 500]) {
      const choice = formatOfStream({ ...head, status }, undefined, formats.all);
      expect(choice).toMatchObject({ format: { name: 'sse' } });
    }
  });

  test.each([
    [{ status: 101 }, 'status'],
    [{ status: 204 }, 'status'],
    [{ status: 205 }, 'status'],
    [{ status: 206 }, 'status'],
    [{ status: 304 }, 'status'],
    [{ hasLength: true }, 'length'],
    [{ encoded: true }, 'encoding'],
    [{ contentType: undefined }, 'type'],
    [{ contentType: 'video/mp4' }, 'type'],
    [{ contentType: 'application/json; charset=latin1' }, 'charset'],
  ])('passes untouched with %j, because of its %s', (part, untouched) => {
    expect(formatOfStream({ ...head, ...part }, undefined, formats.all)).toEqual({ untouched });
  });

  test.each([
    ['GET', true],
    ['POST', true],
    ['DELETE', true],
    [undefined, true],
    ['HEAD', false],
    ['OPTIONS', false],
    ['CONNECT', false],
  ])('and whose method is %s can be held: %s', (method, holdable) => {
    expect(isHoldableMethod(method)).toBe(holdable);
  });
});
