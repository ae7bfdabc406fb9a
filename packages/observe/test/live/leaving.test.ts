import { createServer } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import { type AddressInfo, connect, type Server } from 'node:net';
import { expect, test } from 'vitest';
import { quiet, until } from '../../../../test/support/until.js';
import { createLivePage, type LivePage } from '../../src/index.js';
import { afterwards } from './support/served.js';

/** There is room for one, and who comes is asked until `decide` is called. */
function slowPage(): { live: LivePage; asked: () => number; decide: () => void } {
  let asked = 0;
  const waiting: (() => void)[] = [];
  const live = createLivePage({
    authorize: () => {
      asked += 1;
      return new Promise<boolean>((resolve) => waiting.push(() => resolve(true)));
    },
    maxWatchers: 1,
    recheckMs: 60_000,
  });
  afterwards(() => live.close());
  return {
    live,
    asked: () => asked,
    decide: () => {
      for (const resolve of waiting.splice(0)) resolve();
    },
  };
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const WAYS: Record<string, (live: LivePage) => Promise<{ ask(): () => void }>> = {
  'over HTTP/1.1': async (live) => {
    const server = createServer((req, res) => live.middleware(req, res));
    const port = await listening(server);
    afterwards(() => server.close());
    return {
      ask() {
        const socket = connect(port, '127.0.0.1');
        socket.on('error', () => {});
        socket.write('GET /live/events HTTP/1.1\r\nHost: a\r\n\r\n');
        return () => socket.destroy();
      },
    };
  },
  'over HTTP/2': async (live) => {
    const server = createHttp2Server((req, res) => live.middleware(req, res));
    const session = connectHttp2(`http://127.0.0.1:${await listening(server)}`);
    afterwards(() => {
      session.destroy();
      server.close();
    });
    return {
      ask() {
        const stream = session.request({ ':path': '/live/events' });
        stream.on('error', () => {});
        return () => stream.close(8);
      },
    };
  },
  'from a fetch handler whose answer nobody reads': async (live) => ({
    ask() {
      const left = new AbortController();
      live
        .fetch(new Request('http://app.test/live/events', { signal: left.signal }))
        .catch(() => {});
      return () => left.abort();
    },
  }),
};

test.each(Object.entries(WAYS))(
  '%s, who leaves while authorize is asked takes no place',
  async (_name, way) => {
    const { live, asked, decide } = slowPage();
    const { ask } = await way(live);
    const leave = ask();
    await until('authorize is asked', () => asked() === 1);
    leave();
    await quiet(50);
    decide();
    await quiet(50);
    const next = live.fetch(new Request('http://app.test/live/events'));
    decide();
    const response = await next;
    expect(response.status).toBe(200);
    await response.body?.cancel();
  },
);
