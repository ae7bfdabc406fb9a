import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createPeer, type PeerName } from '../src/peers/peer.js';

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function start(peer: PeerName, intervalMs: number): Promise<string> {
  const server = await createPeer(peer, intervalMs);
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const headers = { Accept: 'text/event-stream' };
const FLOORS: readonly PeerName[] = ['node', 'fastify', 'hono streamSSE'];
const BEATING: readonly PeerName[] = [
  'node, holdOpen',
  'node, setInterval',
  'better-sse',
  'sse-channel',
  'fastify, holdOpen',
  '@fastify/sse',
  'hono streamSSE, holdOpen',
  'hono streamSSE, loop',
];

describe('those that are compared', () => {
  it.each([...FLOORS, ...BEATING])('%s sends the same three events and ends', async (peer) => {
    const url = await start(peer, 8_000);

    const text = await (await fetch(`${url}/3`, { headers })).text();

    const data = [...text.matchAll(/^data: ?(.*)$/gm)].map(([, one = '']) => JSON.parse(one));
    expect(data).toEqual([0, 1, 2].map((n) => ({ n, text: 'some words' })));
  });

  it.each(BEATING)('%s beats while nothing happens', async (peer) => {
    const url = await start(peer, 100);
    const { body } = await fetch(`${url}/idle`, { headers });
    let text = '';

    // Three comments, one of which may be a greeting. Without beats the test runs out of time.
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      text += Buffer.from(chunk).toString();
      if ((text.match(/^:/gm)?.length ?? 0) >= 3) break;
    }

    expect(text).not.toContain('data:');
  });

  it.each(['node', 'node, holdOpen', 'node, setInterval'] as const)(
    '%s answers with JSON at once',
    async (peer) => {
      const url = await start(peer, 8_000);

      const response = await fetch(`${url}/items`, { headers: { Accept: 'application/json' } });

      expect(await response.json()).toMatchObject({ ok: true });
    },
  );
});
