import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { type NodeHoldOpenOptions, registry } from '../../src/index.js';
import { ask } from './support/ask.js';
import { serveHeld } from './support/serve.js';
import { quiet } from './support/wait.js';

const GAP_MS = 170;

async function stream(
  headers: Record<string, string>,
  pieces: readonly (string | Uint8Array)[],
  options: NodeHoldOpenOptions = {},
  begin: (res: ServerResponse) => void = (res) => void res.writeHead(200, headers),
) {
  const served = await serveHeld(async (_req, res) => {
    begin(res);
    for (const piece of pieces) {
      res.write(piece);
      await quiet(GAP_MS);
    }
    res.end();
  }, options);
  return ask(served);
}

test('a JSON document that its handler streams gets line feeds between its tokens only', async () => {
  const pieces = ['{"a', '": [1', ', 2], "b\\', '"": tr', 'ue,', ' "c": "', '☃"', '}'];
  const { body, ended } = await stream({ 'Content-Type': 'application/json' }, pieces);
  expect(ended).toBe('complete');
  expect(body.replaceAll('\n', '')).toBe(pieces.join(''));
  expect(body).toMatch(/true,\n+ "c"/);
  expect(body).toMatch(/☃"\n+\}/);
  expect(JSON.parse(body)).toEqual({ a: [1, 2], 'b"': true, c: '☃' });
  expect(body.length - pieces.join('').length).toBeGreaterThanOrEqual(3);
});

test('a JSON stream that is silent behind its head is kept alive under that head', async () => {
  const served = await serveHeld(async (_req, res) => {
    res.writeHead(203, { 'Content-Type': 'application/json' });
    res.flushHeaders();
    await quiet(GAP_MS);
    res.end('{}');
  });
  const reply = await ask(served);
  expect(reply.status).toBe(203);
  expect(reply.body).toMatch(/^\n+\{\}$/);
});

test.each([
  ['in the middle', '{"a":'],
  ['behind its last brace', '{"a":1}'],
])('a JSON stream under its handler’s own head that fails %s is cut', async (_where, text) => {
  const served = await serveHeld(
    async (_req, res) => {
      res.writeHead(200, { 'Content-Type': 'application/json' });
      res.write(text);
      await quiet(GAP_MS);
      throw new Error('late');
    },
    { onLateOutcome() {} },
  );
  const reply = await ask(served);
  expect(reply.ended).toBe('cut');
  expect(reply.body.trimEnd()).toBe(text);
});

const NDJSON = { 'Content-Type': 'application/x-ndjson' };

test('NDJSON is left alone unless it is asked for', async () => {
  const { body } = await stream(NDJSON, ['{"a":1}\n', '{"b":2}\n']);
  expect(body).toBe('{"a":1}\n{"b":2}\n');
});

test('NDJSON that is asked for gets a space at the start of a line only', async () => {
  const { body } = await stream(NDJSON, ['{"a":1}\n', '{"b"', ':2}\n', '{"c":3}'], {
    format: 'ndjson',
  });
  expect(body).toMatch(/^\{"a":1\}\n +\{"b":2\}\n +\{"c":3\}$/);
  expect(body.split('\n').map((line) => JSON.parse(line))).toEqual([{ a: 1 }, { b: 2 }, { c: 3 }]);
});

test('an NDJSON stream that fails ends with an error record and is cut', async () => {
  const served = await serveHeld(
    async (_req, res) => {
      res.writeHead(200, NDJSON);
      res.write('{"a":1}\n');
      await quiet(GAP_MS);
      throw new Error('late');
    },
    { format: 'ndjson', onLateOutcome() {} },
  );
  const reply = await ask(served);
  expect(reply.ended).toBe('cut');
  const lines = reply.body.trimEnd().split('\n');
  expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({
    error: { completion_status: 500, code: 'handler_error' },
  });
});

test('a JSON sequence gets record separators between its texts', async () => {
  const { body } = await stream({ 'Content-Type': 'application/json-seq' }, [
    '\u001e{"a":1}\n',
    '\u001e{"b"',
    ':2}\n',
  ]);
  expect(body.replaceAll('\u001e', '#')).toMatch(/^#\{"a":1\}\n#{2,}\{"b":2\}\n#*$/);
  const texts = body.split('\u001e').filter((text) => text !== '');
  expect(texts.map((text) => JSON.parse(text))).toEqual([{ a: 1 }, { b: 2 }]);
});

describe('a stream that carries no beats arrives byte by byte as it was written', () => {
  const bytes = randomBytes(3_000);
  const zipped = gzipSync('data: 1\n\n');
  const cases: [string, string, Record<string, string>, (string | Uint8Array)[]][] = [
    [
      'image/png',
      'type',
      { 'Content-Type': 'image/png' },
      [bytes.subarray(0, 100), bytes.subarray(100)],
    ],
    [
      'application/octet-stream',
      'type',
      { 'Content-Type': 'application/octet-stream' },
      [bytes, bytes],
    ],
    ['text/html', 'type', { 'Content-Type': 'text/html' }, ['<p>', '</p>']],
    ['no type', 'type', {}, ['{"a":', '1}']],
    [
      'a Content-Length',
      'length',
      { 'Content-Type': 'application/json', 'Content-Length': '7' },
      ['{"a":', '1}'],
    ],
    [
      'a Content-Encoding',
      'encoding',
      { 'Content-Type': 'text/event-stream', 'Content-Encoding': 'gzip' },
      [zipped.subarray(0, 12), zipped.subarray(12)],
    ],
    [
      'latin1',
      'charset',
      { 'Content-Type': 'application/json; charset=iso-8859-1' },
      [Buffer.from('{"ä":', 'latin1'), '1}'],
    ],
    [
      'UTF-16',
      'charset',
      { 'Content-Type': 'text/event-stream; charset=utf-16le' },
      [Buffer.from('data: 1\n\n', 'utf16le'), Buffer.from('data: 2\n\n', 'utf16le')],
    ],
  ];
  test.each(cases)('%s', async (_what, reason, headers, pieces) => {
    const count = () =>
      Object.entries(registry.counters.untouched).find(([name]) => name === reason)?.[1] ?? 0;
    const before = count();
    const reply = await stream(headers, pieces);
    expect(reply.bytes.equals(Buffer.concat(pieces.map((piece) => Buffer.from(piece))))).toBe(true);
    expect(reply.ended).toBe('complete');
    expect(count()).toBe(before + 1);
  });

  test.each([206, 205])('status %i', async (status) => {
    const reply = await stream({}, ['{"a":', '1}'], {}, (res) => {
      res.writeHead(status, { 'Content-Type': 'application/json', 'Content-Range': 'bytes 0-6/9' });
    });
    expect(reply.body).toBe('{"a":1}');
  });

  test('an explicit UTF-8 charset carries beats', async () => {
    const reply = await stream({ 'Content-Type': 'application/json; charset="UTF-8"' }, [
      '[',
      '1]',
    ]);
    expect(reply.body).toMatch(/^\[\n+1\]\n*$/);
  });
});
