import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { ask, requestText } from './support/ask.js';
import { readHeldJson } from './support/payload.js';
import { QUICK, serveHeld } from './support/serve.js';
import { held, quiet, until } from './support/wait.js';
import { readResponse } from './support/wire.js';

const DOCUMENT = JSON.stringify({ items: Array.from({ length: 500 }, (_, i) => `ä${i}"\\`) });

describe.each(['HTTP/1.1', 'HTTP/1.0', 'h2c'] as const)('over %s', (transport) => {
  test('a document piped in small pieces arrives exactly', async () => {
    const bytes = Buffer.from(DOCUMENT);
    const pieces: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += 7) pieces.push(bytes.subarray(at, at + 7));
    const served = await serveHeld(
      async (req, res) => {
        await held(req);
        await pipeline(Readable.from(pieces), res);
      },
      {},
      transport,
    );
    const reply = await ask(served);
    expect(readHeldJson(reply.body).payload).toBe(DOCUMENT);
    expect(reply.ended).toBe(transport === 'HTTP/1.0' ? 'closed' : 'complete');
  });

  test('a document in pieces with gaps gets beats between its tokens only', async () => {
    const document = { first: 'a long\nstring', list: [1.5, true, null], last: { x: '\\"' } };
    const text = JSON.stringify(document);
    const served = await serveHeld(
      async (req, res) => {
        await held(req);
        // Gaps inside a string, an escape, a number, a literal and between tokens.
        for (const [i, end] of [4, 14, 19, 27, 38, 41, 46, text.length].entries()) {
          const start = [0, 4, 14, 19, 27, 38, 41, 46][i];
          res.write(text.slice(start, end));
          await quiet(90);
        }
        res.end();
      },
      {},
      transport,
    );
    const reply = await ask(served);
    expect(JSON.parse(reply.body)).toEqual(document);
    expect(reply.body.replaceAll('\n', '')).toBe(text);
    expect(readHeldJson(reply.body).payload.length).toBeGreaterThan(text.length);
  });

  test('cork and uncork around the payload change nothing in it', async () => {
    const served = await serveHeld(
      async (req, res) => {
        await held(req);
        if ('cork' in res) res.cork();
        res.write('{"a":');
        res.write('1');
        if ('uncork' in res) process.nextTick(() => res.uncork());
        res.end('}');
      },
      {},
      transport,
    );
    expect(readHeldJson((await ask(served)).body).payload).toBe('{"a":1}');
  });
});

test.each([
  ['latin1', Buffer.from('{"a":"é"}', 'utf8').toString('latin1')],
  ['hex', Buffer.from('{"a":"é"}').toString('hex')],
  ['base64', Buffer.from('{"a":"é"}').toString('base64')],
  ['UTF8', '{"a":"é"}'],
] as [BufferEncoding, string][])(
  'a payload in the encoding %s is decoded as Node does',
  async (encoding, text) => {
    const served = await serveHeld(async (req, res) => {
      await held(req);
      if (req.url === '/end') res.end(text, encoding);
      else {
        res.write(text, encoding);
        res.end();
      }
    });
    for (const path of ['/end', '/write']) {
      expect(readHeldJson((await ask(served, { path })).body).payload).toBe('{"a":"é"}');
    }
  },
);

test('callbacks of write and end come, those of kept bytes too', async () => {
  const called: string[] = [];
  const served = await serveHeld(async (req, res) => {
    await held(req);
    res.write(' ', () => called.push('space'));
    res.write('{"a":1', () => called.push('begin'));
    res.write('}', 'utf8', () => called.push('brace'));
    res.end(() => called.push('end'));
  });
  await ask(served);
  await until('all callbacks have come', () => called.length >= 4);
  expect(called.sort()).toEqual(['begin', 'brace', 'end', 'space']);
});

test('write says no and drain comes, while the client does not read', async () => {
  const seen: string[] = [];
  const size = 64 * 1024;
  const pieces = 400;
  const served = await serveHeld(async (req, res) => {
    await held(req);
    res.write('["');
    for (let i = 0; i < pieces; i++) {
      if (!res.write('x'.repeat(size))) {
        seen.push('full');
        await once(res, 'drain');
        seen.push('drain');
      }
    }
    res.end('"]');
    seen.push('end');
  });
  const client = await served.connect();
  client.send(requestText());
  await client.arrived('HoldOpen');
  client.socket.pause();
  await until('the response is full', () => seen.includes('full'));
  await quiet(QUICK.intervalMs * 3);
  expect(seen).not.toContain('end');
  client.socket.resume();
  const response = await client.response();
  expect(response.complete).toBe(true);
  expect(seen.at(-1)).toBe('end');
  const { payload } = readHeldJson(response.body);
  expect(payload.length).toBe(size * pieces + 4);
});

/** The beats that arrive while a handler calls for something again and again. */
async function beatsWhile(act: (res: import('node:http').ServerResponse) => void): Promise<number> {
  let stop = false;
  const served = await serveHeld(async (req, res) => {
    await held(req);
    while (!stop && !res.destroyed) {
      act(res);
      await quiet(25);
    }
    res.end();
  });
  const client = await served.connect();
  client.send(requestText());
  await client.arrived('HoldOpen');
  await quiet(700);
  const beats = readResponse(client.received)?.body.length ?? 0;
  stop = true;
  return beats;
}

describe('bytes that stay back do not count as a sign for the client', () => {
  test('a handler that beats by itself with white space does not silence the wire', async () => {
    expect(await beatsWhile((res) => res.write(' '))).toBeGreaterThan(4);
  });

  test('an error that is written slowly does not silence the wire', async () => {
    expect(
      await beatsWhile((res) => {
        res.statusCode = 500;
        res.write('a piece of the trace');
      }).catch(() => 0),
    ).toBeGreaterThan(4);
  });

  test('a number that is written digit by digit does not silence the wire', async () => {
    expect(await beatsWhile((res) => res.write('1'))).toBeGreaterThan(4);
  });
});

test.each([
  [
    'of another realm',
    () => runInNewContext('new Uint8Array([123, 34, 97, 34, 58, 49, 125])') as Uint8Array,
    undefined,
  ],
  ['as text whose encoding is empty', () => '{"a":1}', ''],
])('bytes %s are a payload like any other', async (_name, give, encoding) => {
  const served = await serveHeld(async (req, res) => {
    await held(req);
    res.statusCode = 500;
    res.setHeader('Content-Type', 'application/json');
    Reflect.apply(res.end, res, [give(), encoding]);
  });
  const reply = await ask(served);
  expect(reply.ended).toBe('cut');
  expect(readHeldJson(reply.body).lateHead?.status).toBe(500);
  expect(reply.body.trimStart()).toContain('"a":1');
});

test.each([false, 0, ''])('end(%j) ends, as it does without', async (nothing) => {
  const served = await serveHeld(async (req, res) => {
    await held(req);
    res.statusCode = 500;
    Reflect.apply(res.end, res, [nothing]);
  });
  const reply = await ask(served);
  expect(reply.ended).toBe('cut');
  expect(readHeldJson(reply.body).lateHead?.status).toBe(500);
});

test('an encoding that does not exist throws in the handler’s place', async () => {
  let thrown: unknown;
  const served = await serveHeld(async (req, res) => {
    await held(req);
    try {
      Reflect.apply(res.end, res, ['{}', 'no-such']);
    } catch (error) {
      thrown = error;
    }
    res.end('{"a":1}');
  });
  const reply = await ask(served);
  expect(thrown).toMatchObject({ code: 'ERR_UNKNOWN_ENCODING' });
  expect(readHeldJson(reply.body).payload).toBe('{"a":1}');
});
