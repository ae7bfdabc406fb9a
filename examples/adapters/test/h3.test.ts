import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { H3, toNodeHandler } from 'h3/node';
import { describe, expect, test } from 'vitest';
import { holdOpen } from '../src/h3.js';
import { createApp } from './support/h3-app.js';
import { keepsItsPromises } from './support/promises.js';
import { ask } from './support/raw.js';
import { QUICK, SILENCE_MS } from './support/times.js';

async function serve(app: H3) {
  const server = createServer(toNodeHandler(app)).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}

describe('h3 on Node', () => {
  const port = keepsItsPromises({
    serve: (held) => serve(createApp(held)),
    lateError: { status: 422, message: 'too late' },
    fast: {
      '/fast': {},
      '/fast?posted': { method: 'POST', body: '{"a":"b"}' },
      '/fast?head': { method: 'HEAD' },
      '/fast-sync': {},
      '/fast-response': {},
      '/fast-error': {},
      '/nowhere': {},
    },
  });

  test('what h3 has prepared stands in the held head', async () => {
    const { head } = await ask(port(), '/slow', { origin: 'http://else.where' });
    expect(head).toMatch(/^access-control-allow-origin: \*/im);
    expect(head).toMatch(/^access-control-expose-headers: holdopen/im);
    expect(head.match(/^set-cookie: .*$/gim)).toHaveLength(2);
  });

  test('mounted globally it guesses nothing', async () => {
    const app = new H3().use(holdOpen(QUICK)).get('/slow', async (event) => {
      await sleep(SILENCE_MS);
      event.res.headers.set('content-type', 'text/html');
      return '<p>slow</p>';
    });
    const { port: all, close } = await serve(app);
    const page = await ask(all, '/slow', { accept: 'text/html, */*' });
    expect(page.body).toBe('<p>slow</p>');
    expect(page.head).not.toMatch(/holdopen/i);
    close();
  });
});
