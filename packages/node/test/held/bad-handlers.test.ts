import { expect, test, vi } from 'vitest';
import { registry } from '../../src/index.js';
import { ask, requestText } from './support/ask.js';
import { readHeldJson } from './support/payload.js';
import { serveHeld } from './support/serve.js';
import { held, quiet, until } from './support/wait.js';
import { readResponse } from './support/wire.js';

test('ending twice after the commit is as harmless as ever, and both callbacks come', async () => {
  const called: unknown[] = [];
  const served = await serveHeld(async (req, res) => {
    await held(req);
    res.on('error', (error: NodeJS.ErrnoException) => called.push(`event ${error.code}`));
    res.end('{"n":1}', () => called.push('first'));
    res.end((error?: NodeJS.ErrnoException) => called.push(error?.code));
    res.end('{"n":2}', (error?: NodeJS.ErrnoException) => called.push(error?.code));
  });
  const reply = await ask(served);
  expect(readHeldJson(reply.body).payload).toBe('{"n":1}');
  expect(reply.ended).toBe('complete');
  await until('the callbacks have come', () => called.length >= 4);
  expect(called).toContain('event ERR_STREAM_WRITE_AFTER_END');
  expect(called).toContain('first');
  expect(called).toContain('ERR_STREAM_WRITE_AFTER_END');
});

test('writing after the end is Node’s own error, on the response and in the callback', async () => {
  const seen: unknown[] = [];
  const served = await serveHeld(async (req, res) => {
    await held(req);
    res.on('error', (error: NodeJS.ErrnoException) => seen.push(['event', error.code]));
    res.end('{}');
    res.write('more', (error) => seen.push(['callback', (error as NodeJS.ErrnoException).code]));
  });
  const reply = await ask(served);
  expect(readHeldJson(reply.body).payload).toBe('{}');
  await until('both have come', () => seen.length >= 2);
  expect(seen).toContainEqual(['event', 'ERR_STREAM_WRITE_AFTER_END']);
  expect(seen).toContainEqual(['callback', 'ERR_STREAM_WRITE_AFTER_END']);
});

test.each(['socket', 'response'] as const)(
  'destroying the %s after the commit ends the hold',
  async (what) => {
    let aborted: boolean | undefined;
    const served = await serveHeld(async (req, res) => {
      const signal = req.holdOpen?.signal;
      await held(req);
      if (what === 'socket') req.socket.destroy();
      else res.destroy();
      await until('it is gone', () => req.holdOpen?.state === 'gone');
      aborted = signal?.aborted;
    });
    const reply = await ask(served);
    expect(reply.ended).toBe('cut');
    expect(() => JSON.parse(reply.body)).toThrow();
    await until('the hold is over', () => registry.size === 0 && aborted !== undefined);
    expect(aborted).toBe(true);
  },
);

test.each([
  ['a number', 7],
  ['an object', {}],
  ['an array', ['x']],
  ['null', null],
  ['undefined', undefined],
  ['a DataView', new DataView(new ArrayBuffer(2))],
])(
  'writing %s after the commit throws in the caller, and the answer goes on',
  async (_what, chunk) => {
    let thrown: unknown;
    const served = await serveHeld(async (req, res) => {
      await held(req);
      try {
        res.write(chunk as unknown as string);
      } catch (error) {
        thrown = error instanceof Error ? Reflect.get(error, 'code') : error;
      }
      res.end('{"fine":true}');
    });
    const reply = await ask(served);
    expect(thrown).toMatch(/^ERR_(INVALID_ARG_TYPE|STREAM_NULL_VALUES)$/);
    expect(readHeldJson(reply.body).payload).toBe('{"fine":true}');
  },
);

test('what is no chunk makes end throw in the caller', async () => {
  let thrown: unknown;
  const served = await serveHeld(async (req, res) => {
    await held(req);
    try {
      res.end(7 as unknown as string);
    } catch (error) {
      thrown = error instanceof Error ? Reflect.get(error, 'code') : error;
    }
    res.end('{"fine":true}');
  });
  const reply = await ask(served);
  expect(thrown).toBe('ERR_INVALID_ARG_TYPE');
  expect(readHeldJson(reply.body).payload).toBe('{"fine":true}');
});

test('a status that does not exist throws in the caller', async () => {
  let thrown: unknown;
  const served = await serveHeld(async (req, res) => {
    await held(req);
    res.statusCode = 1000;
    try {
      res.end('{}');
    } catch (error) {
      thrown = error instanceof Error ? Reflect.get(error, 'code') : error;
      res.statusCode = 500;
      res.end('{}');
    }
  });
  const reply = await ask(served);
  expect(thrown).toBe('ERR_HTTP_INVALID_STATUS_CODE');
  expect(reply.ended).toBe('cut');
  expect(readHeldJson(reply.body).lateHead?.status).toBe(500);
});

test('bytes behind a complete document are passed on, for the client to refuse', async () => {
  const served = await serveHeld(async (req, res) => {
    await held(req);
    res.write('{"a":1}');
    res.write('{"b":2}');
    await quiet(150);
    res.end();
  });
  const reply = await ask(served);
  expect(readHeldJson(reply.body).payload).toBe('{"a":1}{"b":2}');
});

test('trailers, a timeout and headers of the connection do no harm', async () => {
  const served = await serveHeld(async (req, res) => {
    res.setHeader('Trailer', 'X-T');
    await held(req);
    res.setTimeout(10_000);
    res.setHeader('Transfer-Encoding', 'chunked');
    res.setHeader('Connection', 'close');
    res.write('{}');
    res.addTrailers({ 'X-T': 'late' });
    res.end();
  });
  const client = await served.connect();
  client.send(requestText());
  await client.arrived('X-T: late\r\n\r\n');
  expect(readResponse(client.received)?.body.trim()).toBe('{}');
});

test('a request that a fast handler answers after a throwing hook is none the worse', async () => {
  const report = vi.spyOn(console, 'error').mockImplementation(() => {});
  const served = await serveHeld(
    async (req, res) => {
      await held(req);
      res.end('{}');
    },
    {
      onBeat: () => {
        throw new Error('in onBeat');
      },
    },
  );
  for (let i = 0; i < 3; i++) expect((await ask(served)).ended).toBe('complete');
  report.mockRestore();
});
