import { once } from 'node:events';
import { Agent, createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { holdOpen } from '@holdopen/node';
import { describe, expect, test } from 'vitest';
import { newestNode } from '../../../../test/runtimes.js';
import type { Remnants } from './harness/remnants.js';
import { runScript } from './harness/spawn.js';

describe.each([
  ['the Node that runs the tests', () => process.execPath],
  ['the newest Node', newestNode],
])('on %s', (_name, node) => {
  test('requests that are over leave no object, no async context and no timer', async () => {
    const { code, stdout, stderr } = await runScript(node(), 'remnants.ts', [], ['--expose-gc']);
    expect(code, stderr).toBe(0);
    const reports = JSON.parse(stdout) as Remnants[];
    expect(reports.length).toBeGreaterThanOrEqual(9);
    // Node itself keeps one, with holdopen and without.
    expect(reports.filter(({ requests, left }) => requests !== 20 || left > 1)).toEqual([]);
  }, 60_000);
});

test('a hundred requests on one connection leave no listener on its socket', async () => {
  const counts: string[] = [];
  const server = createServer(
    holdOpen((req, res) => {
      counts.push(countListeners(req.socket));
      void req.holdOpen?.signal;
      res.end('x');
    }),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (let i = 0; i < 100; i += 1) {
    const [response] = (await once(get({ port, agent }), 'response')) as [IncomingMessage];
    await text(response);
  }
  agent.destroy();
  server.close();
  await once(server, 'close');
  expect(counts).toHaveLength(100);
  expect(new Set(counts).size).toBe(1);
});

function countListeners(socket: Socket): string {
  return socket
    .eventNames()
    .map((event) => `${String(event)}: ${socket.listenerCount(event)}`)
    .join();
}
