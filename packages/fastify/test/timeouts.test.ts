import type { FastifyInstance, FastifyServerOptions } from 'fastify';
import { describe, expect, test } from 'vitest';
import { ask, requestText } from '../../node/test/held/support/ask.js';
import { readHeldJson } from '../../node/test/held/support/payload.js';
import { quiet } from '../../node/test/held/support/wait.js';
import { held } from './support/held.js';
import { type ServedApp, serve, serveHeld } from './support/serve.js';

/** The same application without holdopen and with it. */
async function both(
  build: (app: FastifyInstance) => void,
  options: FastifyServerOptions & Record<string, unknown>,
): Promise<readonly [plain: ServedApp, held: ServedApp]> {
  return [await serve(build, 'HTTP/1.1', options), await serveHeld(build, {}, 'HTTP/1.1', options)];
}

describe('connectionTimeout', () => {
  test('ends a silent answer without holdopen, and not with it', async () => {
    const timeouts: string[] = [];
    const [plain, withHold] = await both(
      (app) => {
        app.addHook('onTimeout', async (request) => void timeouts.push(request.url));
        app.get('/*', async () => {
          await quiet(900);
          return { done: true };
        });
      },
      { connectionTimeout: 400 },
    );
    const client = await plain.connect();
    client.send(requestText({ path: '/plain' }));
    await client.close();
    expect(client.text).toBe('');
    const reply = await ask(withHold, { path: '/held' });
    expect(readHeldJson(reply.body).payload).toBe('{"done":true}');
    expect(timeouts).toEqual(['/plain']);
  });
});

describe('requestTimeout', () => {
  test('ends a slow upload, with holdopen and without', async () => {
    const served = await both((app) => void app.post('/', async () => ({})), {
      requestTimeout: 300,
      http: { connectionsCheckingInterval: 50, headersTimeout: 200 },
    });
    for (const one of served) {
      const client = await one.connect();
      client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n');
      client.send('Content-Length: 100\r\n\r\n{');
      await client.close();
      expect(client.text).toMatch(/^HTTP\/1\.1 408 /);
      expect(client.text.toLowerCase()).not.toContain('holdopen');
    }
  });
});

describe('handlerTimeout', () => {
  test('comes late as the 503 that it is, and aborts the handler', async () => {
    let aborted: boolean | undefined;
    const served = await serveHeld((app) => {
      app.get('/', { handlerTimeout: 200 }, async (request) => {
        await new Promise((resolve) => request.signal.addEventListener('abort', resolve));
        aborted = request.signal.aborted;
      });
    });
    const reply = await ask(served);
    expect(reply.ended).toBe('cut');
    expect(readHeldJson(reply.body).lateHead?.status).toBe(503);
    expect(JSON.parse(`${reply.body}}`)).toMatchObject({ code: 'FST_ERR_HANDLER_TIMEOUT' });
    expect(aborted).toBe(true);
  });
});

describe('uploads', () => {
  const POST = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n';
  const build = (app: FastifyInstance): void => {
    app.post('/', { bodyLimit: 100 }, async (request) => {
      if (request.query !== undefined) await held(request);
      return { got: request.body };
    });
  };

  test('a slow one is no silence, and what is slow after it is held', async () => {
    const served = await serveHeld(build, { firstBeatMs: 60 });
    const client = await served.connect();
    client.send(`${POST}Content-Length: 12\r\n\r\n`);
    for (const character of '{"a":"slow"}') {
      await quiet(25);
      expect(client.text).toBe('');
      client.send(character);
    }
    const response = await client.response();
    expect(readHeldJson(response.body).payload).toBe('{"got":{"a":"slow"}}');
    expect(response.headers).toHaveProperty('holdopen');
  });

  test('one that is too large is a true 413, declared or counted', async () => {
    const served = await serveHeld(build, { firstBeatMs: 60 });
    const declared = await served.connect();
    declared.send(`${POST}Content-Length: 101\r\n\r\n`);
    await declared.arrived('\r\n\r\n');
    expect(declared.text).toMatch(/^HTTP\/1\.1 413 /);

    const counted = await served.connect();
    counted.send(`${POST}Transfer-Encoding: chunked\r\n\r\n`);
    for (let i = 0; i < 9; i++) {
      await quiet(20);
      counted.send(`10\r\n${'x'.repeat(16)}\r\n`);
    }
    await counted.arrived('\r\n\r\n');
    expect(counted.text).toMatch(/^HTTP\/1\.1 413 /);
    expect(counted.text).toContain('FST_ERR_CTP_BODY_TOO_LARGE');
  });

  test('one of which the client breaks off is told to nobody as a success', async () => {
    let called = false;
    const served = await serveHeld((app) => {
      app.post('/', async () => {
        called = true;
        return {};
      });
    });
    const client = await served.connect();
    client.send(`${POST}Content-Length: 12\r\n\r\n{"a"`);
    await quiet(100);
    expect(client.text).toBe('');
    client.socket.end();
    await client.close();
    expect(called).toBe(false);
    expect(client.text).not.toContain(' 200 ');
  });
});
