/** Connections of Node, on real sockets. */
import { createSecureServer } from 'node:http2';
import net, { type AddressInfo } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { until } from '../../../test/support/until.js';
import { certificate } from '../../node/test/held/support/certificate.js';
import { holdFetch } from '../src/index.js';
import { createAgent, createFetch, IDLE_MS, TCP_KEEP_ALIVE_MS } from '../src/node.js';
import { plain, RawServer } from './support/raw-server.js';

/** Node's own, for a connection that is not used. */
const SERVER_IDLE_MS = 5_000;

test('a connection has TCP keep-alive, also beside options of the user', async () => {
  const keepAlive = vi.spyOn(net.Socket.prototype, 'setKeepAlive');
  onTestFinished(() => keepAlive.mockRestore());
  await using server = await RawServer.start((socket) => socket.write(plain('x')));
  const fetch = createFetch(createAgent({ connect: { timeout: 5_000 } }));
  await (await holdFetch(server.url, { holdOpen: { fetch } })).text();
  expect(keepAlive.mock.calls).toContainEqual([true, TCP_KEEP_ALIVE_MS]);
});

test.each([
  ['says nothing', {}, IDLE_MS],
  ['keeps it for 3 s', { 'Keep-Alive': 'timeout=3' }, 1_000],
])(
  'an unused connection to a server that %s is closed before the server does it',
  async (_, headers, atMs) => {
    let unusedMs = 0;
    await using server = await RawServer.start((socket) => {
      socket.write(plain('x', { headers }));
      const since = performance.now();
      socket.on('close', () => {
        unusedMs = performance.now() - since;
      });
    });
    await (await holdFetch(server.url, { holdOpen: { fetch: createFetch() } })).text();
    await until('the connection is closed', () => unusedMs > 0);
    expect(unusedMs).toBeGreaterThan(atMs * 0.9);
    expect(unusedMs).toBeLessThan(SERVER_IDLE_MS);
  },
);

test.each([
  ['HTTP/1.1, unless told otherwise', undefined, '1.1'],
  ['HTTP/2 if told so', true, '2.0'],
])('it speaks %s', async (_, allowH2, version) => {
  const server = createSecureServer({ ...certificate, allowHTTP1: true }, (request, response) => {
    response.end(request.httpVersion);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const agent = createAgent({
    ...(allowH2 === undefined ? {} : { allowH2 }),
    connect: { ca: certificate.cert },
  });
  onTestFinished(async () => {
    await agent.close();
    server.close();
  });
  const response = await holdFetch(`https://localhost:${port}/`, {
    holdOpen: { fetch: createFetch(agent) },
  });
  expect(await response.text()).toBe(version);
});

test('what a caller gives and gets is of the global fetch', async () => {
  await using server = await RawServer.start((socket, { head }) => {
    socket.write(plain(/^content-type: (.*)$/im.exec(head)?.[1] ?? ''));
  });
  const fetch = createFetch();
  const body = new FormData();
  body.set('name', 'value');
  const request = new Request(server.url, { method: 'POST', body });
  const response = await holdFetch(request, { holdOpen: { fetch } });
  expect(response).toBeInstanceOf(Response);
  expect(await response.text()).toMatch(/^multipart\/form-data; boundary=/);
});
