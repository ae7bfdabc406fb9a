import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { brotliCompressSync, createGzip, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { LateOutcome } from '../../src/index.js';
import { ask, type Reply, requestText } from './support/ask.js';
import { readHeldJson } from './support/payload.js';
import { serveHeld } from './support/serve.js';
import { held, quiet, until } from './support/wait.js';

const DOCUMENT = JSON.stringify({ noise: randomBytes(40_000).toString('hex') });
const SMALL = '{"a":1}';

async function answerWith(
  answer: (res: ServerResponse) => unknown,
): Promise<{ reply: Reply; outcomes: LateOutcome[] }> {
  const outcomes: LateOutcome[] = [];
  const served = await serveHeld(
    async (req, res) => {
      await held(req);
      await answer(res);
    },
    { onLateOutcome: (outcome) => outcomes.push(outcome) },
  );
  return { reply: await ask(served), outcomes };
}

test.each([
  ['gzip', gzipSync],
  ['x-gzip', gzipSync],
  ['GZIP', gzipSync],
  ['br', brotliCompressSync],
  ['deflate', deflateSync],
  ['identity', (text: string) => Buffer.from(text)],
])('a payload that comes in %s is decoded', async (coding, encode) => {
  const { reply } = await answerWith((res) => {
    res.setHeader('Content-Type', 'application/json');
    res.setHeader('Content-Encoding', coding);
    res.end(encode(DOCUMENT));
  });
  expect(reply.headers).not.toHaveProperty('content-encoding');
  expect(readHeldJson(reply.body).payload).toBe(DOCUMENT);
  expect(reply.ended).toBe('complete');
});

test('a coding that was set before the commit is decoded too', async () => {
  const served = await serveHeld(async (req, res) => {
    res.setHeader('Content-Encoding', 'gzip');
    await held(req);
    res.end(gzipSync(SMALL));
  });
  const reply = await ask(served);
  expect(reply.headers).not.toHaveProperty('content-encoding');
  expect(readHeldJson(reply.body).payload).toBe(SMALL);
});

test('a payload that is piped through a compressor is decoded', async () => {
  const { reply } = await answerWith((res) => {
    res.writeHead(201, { 'Content-Encoding': 'gzip', 'Content-Type': 'application/json' });
    Readable.from([Buffer.from(DOCUMENT)])
      .pipe(createGzip())
      .pipe(res);
  });
  expect(readHeldJson(reply.body)).toMatchObject({ lateHead: { status: 201 }, payload: DOCUMENT });
  expect(reply.ended).toBe('complete');
});

test('an encoded error is decoded', async () => {
  const { reply } = await answerWith((res) => {
    res.writeHead(422, { 'Content-Encoding': 'gzip', 'Content-Type': 'application/json' });
    res.end(gzipSync('{"why":"encoded"}'));
  });
  expect(reply.ended).toBe('cut');
  expect(JSON.parse(`${reply.body}}`)).toEqual({ why: 'encoded' });
});

test('an unknown coding fails with its own code', async () => {
  const { reply, outcomes } = await answerWith(
    (res) =>
      new Promise<void>((resolve) => {
        res.setHeader('Content-Encoding', 'zstd-x');
        res.end('????', () => resolve());
      }),
  );
  expect(reply.ended).toBe('cut');
  expect(JSON.parse(`${reply.body}}`)).toMatchObject({
    code: 'undecodable',
    completion_status: 500,
  });
  expect(outcomes).toMatchObject([{ ok: false, code: 'undecodable' }]);
});

describe.each([
  ['corrupted', Buffer.concat([gzipSync(SMALL).subarray(0, 12), Buffer.alloc(30, 0xff)])],
  ['cut short', gzipSync(DOCUMENT).subarray(0, 60)],
  ['no gzip at all', Buffer.from(SMALL)],
])('a payload that is %s', (_how, bytes) => {
  test('fails visibly, and finish, close and the end callback still come', async () => {
    const events: string[] = [];
    const { reply, outcomes } = await answerWith((res) => {
      res.on('finish', () => events.push('finish'));
      res.on('close', () => events.push('close'));
      res.setHeader('Content-Encoding', 'gzip');
      res.end(bytes, () => events.push('callback'));
    });
    expect(reply.ended).toBe('cut');
    expect(() => JSON.parse(reply.body)).toThrow();
    await until('finish and close have come', () => events.length >= 2);
    expect(outcomes).toMatchObject([{ ok: false, code: 'undecodable' }]);
    expect(events).toContain('finish');
    await until(`the end callback has come after ${events}`, () => events.includes('callback'));
  });
});

test('ending an encoded payload twice does no harm', async () => {
  const { reply } = await answerWith((res) => {
    res.setHeader('Content-Encoding', 'gzip');
    res.end(gzipSync(SMALL));
    res.end();
  });
  expect(reply.ended).toBe('complete');
  expect(readHeldJson(reply.body).payload).toBe(SMALL);
});

test('what is written after the end of an encoded payload is no part of it', async () => {
  const errors: unknown[] = [];
  const { reply } = await answerWith((res) => {
    res.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code));
    res.setHeader('Content-Encoding', 'gzip');
    res.end(gzipSync(SMALL));
    res.write('stray');
  });
  expect(reply.body).not.toContain('stray');
  expect(readHeldJson(reply.body).payload).toBe(SMALL);
  expect(errors).toEqual(['ERR_STREAM_WRITE_AFTER_END']);
});

test('whoever waits for an encoded answer is called back when the client has left', async () => {
  const called: string[] = [];
  const big = gzipSync(randomBytes(8_000_000));
  const served = await serveHeld(async (req, res) => {
    await held(req);
    res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' });
    res.write(big, () => called.push('write'));
    res.end(() => called.push('end'));
  });
  const client = await served.connect();
  client.socket.pause();
  client.send(requestText());
  await until('it is answering', () => served.connections.size === 1);
  await quiet(200);
  client.socket.destroy();
  await until('both were called back', () => called.length === 2);
});
