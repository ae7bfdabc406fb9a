import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { expect } from 'vitest';
import { test } from '../../src/vitest.js';

test('fails over a connection that chance has planned', async ({ openPath }) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const path = await openPath({
    target: (server.address() as AddressInfo).port,
    faults: [{ type: 'cut', atByte: [1, 1_000_000] }],
  });
  const client = connect(path.port, '127.0.0.1').on('error', () => {});
  await path.waitFor(({ connections }) => connections.length === 1);
  server.close();
  expect(client.destroyed).toBe(true);
});
