import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Child } from '../src/child.js';
import type { LoadClient } from '../src/load-client.js';

const GOOD = '{"ok":true,"text":"Hello, world."}';
const BAD = '{"no":true,"text":"Hello, world."}';
const closings: (() => unknown)[] = [];
const ownFlags = process.execArgv;

afterEach(async () => {
  process.execArgv = ownFlags;
  for (const close of closings.splice(0)) await close();
});

async function serverOf(listener: RequestListener): Promise<number> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  closings.push(() => server.close());
  closings.unshift(() => server.closeAllConnections());
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

function client(patienceMs?: number): Child<LoadClient> {
  // Children are started with the flags of their parent.
  process.execArgv = ['--import', 'tsx'];
  const child = new Child<LoadClient>(
    new URL('../src/load-client.ts', import.meta.url),
    [],
    patienceMs,
  );
  closings.unshift(() => child.stop());
  return child;
}

const LOAD = { connections: 2, requests: 20 };

describe('whoever makes the load', () => {
  it('takes no other answer for the right one, be it as long and as quick', async () => {
    let answered = 0;
    const port = await serverOf((_req, res) => {
      answered += 1;
      const body = answered === 10 ? BAD : GOOD;
      res.writeHead(200, { 'Content-Length': body.length }).end(body);
    });

    await expect(client().ask('load', { port, ...LOAD })).rejects.toThrow(
      /unexpected response: [\s\S]*"no":true/,
    );
  });

  it('takes no error for an answer', async () => {
    const port = await serverOf((_req, res) => {
      res.writeHead(503, { 'Content-Length': GOOD.length }).end(GOOD);
    });

    await expect(client().ask('load', { port, ...LOAD })).rejects.toThrow(
      'unexpected response: HTTP/1.1 503',
    );
  });

  it('counts the events of short streams and of long ones, each of them', async () => {
    const port = await serverOf((req, res) => {
      const count = Number(req.url?.slice(1));
      for (let i = 0; i < count - (count === 1_000 ? 1 : 0); i++) res.write(`data: ${i}\n\n`);
      res.end();
    });
    const all = client();

    await all.ask('events', port, 20_000);
    await expect(all.ask('events', port, 1_000)).rejects.toThrow('999 of 1000 events came');
    const request = { path: '/2', accept: 'text/event-stream', events: 3 };
    await expect(all.ask('load', { port, ...LOAD, request })).rejects.toThrow(
      'unexpected response',
    );
  });

  it('is not waited for without end where an answer never comes', async () => {
    const port = await serverOf(() => {});

    await expect(client(2_000).ask('load', { port, ...LOAD })).rejects.toThrow(
      /load-client\.ts did not answer "load" within 2 s/,
    );
  });
});
