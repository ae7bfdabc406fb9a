import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough, Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import Koa from 'koa';
import { describe, expect, test } from 'vitest';
import { holdOpen } from '../src/koa.js';
import { keepsItsPromises } from './support/promises.js';
import { ask } from './support/raw.js';
import { QUICK, SILENCE_MS } from './support/times.js';

async function* half() {
  yield '["half",';
  await sleep(10);
  throw new Error('broken');
}

const heard: string[] = [];

async function serve(held: boolean, where: 'route' | 'global') {
  const app = new Koa();
  app.on('error', (error: Error, ctx: Koa.Context) => heard.push(`${error.message} ${ctx.path}`));
  let left = 0;
  if (held) app.use(holdOpen(QUICK, where));
  app.use(async (ctx) => {
    switch (ctx.path) {
      case '/fast':
        ctx.cookies.set('session', '1');
        ctx.body = { fast: true };
        break;
      case '/fast-stream':
        ctx.type = 'text/plain';
        ctx.body = new PassThrough().end('as it is');
        break;
      case '/fast-error':
        ctx.throw(422, 'in time');
        break;
      case '/page':
        await sleep(SILENCE_MS);
        ctx.type = 'html';
        ctx.body = '<p>slow</p>';
        break;
      case '/slow':
        ctx.set('Access-Control-Allow-Origin', '*');
        await sleep(SILENCE_MS);
        ctx.body = { slow: 'ü' };
        break;
      case '/created':
        await sleep(SILENCE_MS);
        ctx.status = 201;
        ctx.body = { id: 7 };
        break;
      case '/late-error':
        await sleep(SILENCE_MS);
        ctx.throw(422, 'too late');
        break;
      case '/broken':
        await sleep(SILENCE_MS);
        ctx.type = 'json';
        ctx.body = Readable.from(half());
        break;
      case '/events':
        ctx.respond = false;
        ctx.res.writeHead(200, { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
        ctx.res.write('data: 1\n\n');
        await sleep(SILENCE_MS);
        ctx.res.end('data: 2\n\n');
        break;
      case '/wait':
        await new Promise((resolve) => {
          ctx.holdOpen?.signal.addEventListener('abort', resolve);
        });
        left += 1;
        break;
      case '/left':
        ctx.body = { left };
        break;
    }
  });
  const server = createServer(app.callback()).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}

describe('Koa', () => {
  const port = keepsItsPromises({
    serve: (held) => serve(held, 'route'),
    lateError: { completion_status: 422, body: 'too late' },
    fast: {
      '/fast': {},
      '/fast?head': { method: 'HEAD' },
      '/fast-stream': {},
      '/fast-error': {},
      '/nowhere': {},
    },
  });

  test("the app's error listener hears of a late error", async () => {
    await ask(port(), '/late-error');
    expect(heard).toContain('too late /late-error');
  });

  test('headers set before the commit stand in the held head', async () => {
    const { head } = await ask(port(), '/slow', { origin: 'http://else.where' });
    expect(head).toMatch(/^access-control-allow-origin: \*/im);
    expect(head).toMatch(/^access-control-expose-headers: holdopen/im);
  });

  test('mounted globally it guesses nothing', async () => {
    const { port: all, close } = await serve(true, 'global');
    const page = await ask(all, '/page', { accept: 'text/html, */*' });
    expect(page.head).toMatch(/^content-type: text\/html/im);
    expect(page.head).not.toMatch(/holdopen/i);
    const { body } = await ask(all, '/slow', { accept: 'application/json' });
    expect(body).toMatch(/^\n/);
    close();
  });
});
