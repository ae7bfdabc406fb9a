import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createIdleProxy, type IdleProxy, type IdleProxyOptions } from './idle-proxy.js';

let server: Server;
let accepted: Promise<Socket>;
let proxy: IdleProxy | undefined;
const clients: Socket[] = [];

beforeEach(async () => {
  server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  accepted = once(server, 'connection').then(([socket]: Socket[]) => {
    // The errors of both ends are what the tests look at; unheard, they would end the process.
    return (socket as Socket).on('error', () => {});
  });
  await once(server, 'listening');
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await proxy?.close();
  proxy = undefined;
  server.close();
});

/** Both ends of a connection through the proxy. */
async function open(options: Omit<IdleProxyOptions, 'targetPort'>) {
  proxy = await createIdleProxy({ targetPort: (server.address() as AddressInfo).port, ...options });
  const client = connect({ host: '127.0.0.1', port: proxy.port, allowHalfOpen: true });
  client.on('error', () => {});
  clients.push(client);
  return { proxy, client, target: await accepted };
}

async function errorOf(socket: Socket): Promise<NodeJS.ErrnoException | null> {
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
  return socket.errored;
}

/** Up to the FIN of the other side. An async iterator would close this side, too. */
async function readAll(socket: Socket): Promise<string> {
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk) => {
    text += chunk;
  });
  await once(socket, 'end');
  return text;
}

describe('silence', () => {
  test('resets both sides after the idle time and counts one kill', async () => {
    const { proxy, client, target } = await open({ idleMs: 300 });
    const start = performance.now();
    target.resume();
    client.resume();
    expect(await errorOf(client)).toMatchObject({ code: 'ECONNRESET' });
    expect(await errorOf(target)).toMatchObject({ code: 'ECONNRESET' });
    expect(performance.now() - start).toBeGreaterThan(250);
    expect(proxy.kills).toBe(1);
  });

  test.each(['client', 'target'] as const)('is ended by a byte from the %s alone', async (from) => {
    const { proxy, client, target } = await open({ idleMs: 1_000 });
    client.resume();
    target.resume();
    const sender = from === 'client' ? client : target;
    for (let beat = 0; beat < 10; beat++) {
      sender.write('.');
      await delay(200);
    }
    expect(proxy.kills).toBe(0);
    expect(client.destroyed).toBe(false);

    const lastByte = performance.now();
    await errorOf(client);
    expect(proxy.kills).toBe(1);
    expect(performance.now() - lastByte).toBeGreaterThan(700);
  });

  test('that lasts for ever is allowed by Infinity', async () => {
    const { proxy, client, target } = await open({ idleMs: Number.POSITIVE_INFINITY });
    await delay(300);
    target.end('still here');
    expect(await readAll(client)).toBe('still here');
    expect(proxy.kills).toBe(0);
  });
});

describe('forwarding', () => {
  test('a half-closed connection still carries the answer', async () => {
    const { proxy, client, target } = await open({ idleMs: 5_000 });
    client.end('question');
    expect(await readAll(target)).toBe('question');
    target.end('answer');
    expect(await readAll(client)).toBe('answer');
    expect(await errorOf(target)).toBeNull();
    expect(proxy.kills).toBe(0);
  });

  test('a slow reader stops the sender, and still gets every byte', async () => {
    const total = 64 * 1024 * 1024;
    let passed = 0;
    const { client, target } = await open({
      idleMs: Number.POSITIVE_INFINITY,
      onBytes: (bytes) => {
        passed += bytes.length;
      },
    });
    const piece = randomBytes(1024 * 1024);
    const sent = createHash('sha256');
    for (let i = 0; i < total / piece.length; i++) {
      client.write(piece);
      sent.update(piece);
    }
    client.end();

    // Nobody reads: what the kernel's buffers hold goes through, then nothing.
    let before = -1;
    await vi.waitFor(
      () => {
        const still = passed === before;
        before = passed;
        expect(still && passed > 0).toBe(true);
      },
      { interval: 500, timeout: 20_000 },
    );
    expect(passed).toBeLessThan(total / 2);

    const received = createHash('sha256');
    for await (const bytes of target) received.update(bytes);
    expect(passed).toBe(total);
    expect(received.digest('hex')).toBe(sent.digest('hex'));
  });

  test('a reset by the server is a reset for the client', async () => {
    const { proxy, client, target } = await open({ idleMs: 5_000 });
    client.resume();
    target.resetAndDestroy();
    expect(await errorOf(client)).toMatchObject({ code: 'ECONNRESET' });
    expect(proxy.kills).toBe(0);
  });

  test('shows the bytes of both directions in order', async () => {
    const seen: string[] = [];
    const { client, target } = await open({
      idleMs: 5_000,
      onBytes: (bytes, from) => seen.push(`${from}: ${bytes}`),
    });
    client.end('question');
    await readAll(target);
    target.end('answer');
    await readAll(client);
    expect(seen).toEqual(['client: question', 'target: answer']);
  });
});

test('a client of a target that does not listen is reset', async () => {
  const targetPort = (server.address() as AddressInfo).port;
  await new Promise((resolve) => server.close(resolve));
  proxy = await createIdleProxy({ targetPort, idleMs: 5_000 });
  const client = connect(proxy.port, '127.0.0.1').on('error', () => {});
  clients.push(client);
  client.resume();
  expect(await errorOf(client)).toMatchObject({ code: 'ECONNRESET' });
});

test('close ends the connections that are open', async () => {
  const { proxy: opened, client, target } = await open({ idleMs: 5_000 });
  client.resume();
  target.resume();
  await opened.close();
  proxy = undefined;
  await once(client, 'end');
  await expect(createIdleProxy({ targetPort: 1, idleMs: 1, port: opened.port })).resolves.toSatisfy(
    (again: IdleProxy) => {
      proxy = again;
      return again.port === opened.port;
    },
  );
});

test('a taken port is an error', async () => {
  const { port } = server.address() as AddressInfo;
  await expect(createIdleProxy({ targetPort: 1, idleMs: 1, port })).rejects.toMatchObject({
    code: 'EADDRINUSE',
  });
});

test.each([0, -1, Number.NaN, 2 ** 31])('an idle time of %s is refused', async (idleMs) => {
  await expect(createIdleProxy({ targetPort: 1, idleMs })).rejects.toThrow(/idleMs is .*Infinity/);
});
