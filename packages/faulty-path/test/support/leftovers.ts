// A process of its own, in which all timers and sockets are the path's and this file's.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { createFaultyPath } from '../../src/index.js';

const held = () =>
  process.getActiveResourcesInfo().filter((name) => name === 'Timeout' || name.startsWith('TCP'));

const server = createServer((socket) => void socket.on('error', () => {}).resume());
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;

const path = await createFaultyPath({
  target: port,
  faults: (number) => [
    { type: 'idle-kill', afterMs: 60_000 },
    { type: 'total-kill', afterMs: 60_000 },
    { type: 'black-hole', afterMs: 60_000 },
    { type: 'latency', delayMs: 60_000 },
    { type: 'throttle', bytesPerSecond: 1 },
    { type: 'burst', everyMs: 60_000 },
    { type: 'late-fin', delayMs: 60_000 },
    ...(number % 2 === 0 ? [{ type: 'buffer', untilMs: 60_000 } as const] : []),
  ],
});
const clients = Array.from({ length: 20 }, () => {
  const client = connect(path.port, '127.0.0.1').on('error', () => {});
  client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  return client;
});
await path.waitFor(({ connections }) => connections.length === 20);
await new Promise((resolve) => setTimeout(resolve, 200));
const before = Object.fromEntries(
  ['Timeout', 'TCPSocketWrap'].map((name) => [name, held().includes(name)]),
);
await path.close();
for (const client of clients) client.destroy();
await new Promise((resolve) => server.close(resolve));
// Handles are gone a few turns after their close.
for (let turn = 0; turn < 100 && held().length > 0; turn++) {
  await new Promise((resolve) => setImmediate(resolve));
}
console.log(JSON.stringify({ while: before, after: held() }));
