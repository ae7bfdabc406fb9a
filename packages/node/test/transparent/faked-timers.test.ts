import { once } from 'node:events';
import {
  createServer,
  get,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { mock } from 'node:test';
import { holdOpen } from '@holdopen/node';
import { afterEach, describe, expect, test, vi } from 'vitest';

const HOUR_MS = 3_600_000;
let server: Server;

afterEach(async () => {
  vi.useRealTimers();
  mock.timers.reset();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

async function serve(listener: RequestListener): Promise<number> {
  server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function bodyOf(port: number): Promise<string> {
  const [response] = (await once(get({ port, agent: false }), 'response')) as [IncomingMessage];
  return text(response);
}

describe('while the user’s timers are faked', () => {
  const FAKED = ['setTimeout', 'setInterval', 'setImmediate', 'Date', 'performance'] as const;

  test('vitest’s do not see any of ours', async () => {
    let seen: [number, boolean] | undefined;
    const port = await serve(
      holdOpen((_req, res) => {
        const timers = vi.getTimerCount();
        vi.advanceTimersByTime(HOUR_MS);
        seen = [timers, res.headersSent];
        res.end('x');
      }),
    );
    vi.useFakeTimers({ toFake: [...FAKED] });
    expect(await bodyOf(port)).toBe('x');
    expect(seen).toEqual([0, false]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('node:test’s do not move ours', async () => {
    let sent: boolean | undefined;
    const port = await serve(
      holdOpen((_req, res) => {
        mock.timers.tick(HOUR_MS);
        sent = res.headersSent;
        res.end('x');
      }),
    );
    mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'setImmediate', 'Date'] });
    expect(await bodyOf(port)).toBe('x');
    expect(sent).toBe(false);
  });

  test('beats come in real time', async () => {
    let pending: ServerResponse | undefined;
    const port = await serve(
      holdOpen(
        (_req, res) => {
          pending = res;
        },
        { intervalMs: 50 },
      ),
    );
    vi.useFakeTimers({ toFake: [...FAKED] });
    const [response] = (await once(get({ port, agent: false }), 'response')) as [IncomingMessage];
    const [beat] = (await once(response, 'data')) as [Buffer];
    expect(String(beat)).toBe('\n');
    expect(vi.getTimerCount()).toBe(0);
    pending?.end('{}');
    await once(response, 'end');
  });
});
