/** What is left behind when a call is over, and what ends it. */
import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { type HoldOpenError, holdEvents, holdFetch } from '../src/index.js';
import { MAX_TIMER_MS, pause } from '../src/retry/pause.js';
import type { Runtime } from '../src/runtime.js';
import { chunk, chunkedHead, plain, RawServer } from './support/raw-server.js';

const POST = { method: 'POST', body: '{}' } as const;
const OF_RUN = { Link: '</runs/1>; rel="status"', 'HoldOpen-Run': 'hr1.x' };

/** Work whose connection breaks, and whose status is asked for in vain. */
function neverTold(onAsk: (socket: Socket) => void): Promise<RawServer> {
  return RawServer.start((socket, { head, count }) => {
    if (count === 1) {
      socket.write(chunkedHead({ headers: OF_RUN }) + chunk('[1,'));
      setTimeout(() => socket.destroy(), 20);
    } else if (head.startsWith('GET /runs/1 ')) {
      onAsk(socket);
    } else socket.write(plain('"done"', { type: 'application/json', headers: OF_RUN }));
  });
}

test('an ask for the status that is not answered keeps no connection', async () => {
  const closed: Promise<unknown>[] = [];
  await using server = await neverTold((socket) => {
    closed.push(new Promise((resolve) => socket.once('close', resolve)));
    // Behind the time for which is waited, a head whose body never comes.
    setTimeout(() => socket.write(chunkedHead() + chunk('{')), 2_500);
  });
  const holdOpen = { idempotencyKey: 'k', retry: { baseMs: 5 } };
  const response = await holdFetch(server.url, { ...POST, holdOpen });
  expect(await response.json()).toBe('done');
  expect(closed).toHaveLength(1);
  await closed[0];
});

test('who leaves while the state of the work is asked for is given his own reason', async () => {
  const leaving = new AbortController();
  const reason = new Error('enough');
  await using server = await neverTold(() => leaving.abort(reason));
  const holdOpen = { idempotencyKey: 'k', retry: false } as const;
  const asked = holdFetch(server.url, { ...POST, signal: leaving.signal, holdOpen });
  await expect(asked.then((response) => response.json())).rejects.toBe(reason);
});

test('no wait is longer than a timer can be', async () => {
  const waits: number[] = [];
  const runtime: Runtime = {
    now: () => 0,
    random: () => 0,
    clear: () => {},
    set: (callback, ms) => {
      waits.push(ms);
      callback();
    },
  };
  await pause(runtime, Number.POSITIVE_INFINITY, undefined, false);
  expect(waits).toEqual([MAX_TIMER_MS]);
});

test('an error takes other words for its address, as loggers give it', async () => {
  const error: HoldOpenError = await holdFetch('http://127.0.0.1:2/', {
    holdOpen: { retry: false },
  }).catch((error) => error);
  Object.assign(error, { url: '/mine', idempotencyKey: 'none' });
  expect([error.url, error.idempotencyKey, Object.keys(error)]).toEqual([
    '/mine',
    'none',
    expect.not.arrayContaining(['url']),
  ]);
});

test('a key that is a number is not printed', async () => {
  const holdOpen = { idempotencyKey: 4711 as unknown as string };
  const error: Error = await holdFetch('http://127.0.0.1:2/', { ...POST, holdOpen }).catch(
    (error) => error,
  );
  expect(error).toMatchObject({ code: 'HOLDOPEN_INVALID_OPTION' });
  expect(error.message).not.toContain('4711');
});

test('a redirect leads where its bytes say in UTF-8', async () => {
  await using server = await RawServer.start((socket, { count }) => {
    const head = 'HTTP/1.1 302 X\r\nContent-Length: 0\r\nLocation: /café?q=日\r\n\r\n';
    socket.write(count === 1 ? head : plain('there'));
  });
  const headers = { Authorization: 'Bearer x' };
  expect(await (await holdFetch(server.url, { headers })).text()).toBe('there');
  expect(server.requests[1]?.head).toMatch(/^GET \/caf%C3%A9\?q=%E6%97%A5 /);
});

test('a login that answers in place of events is told as one', async () => {
  await using server = await RawServer.start((socket, { count }) => {
    if (count > 1) return socket.write(plain('', { status: 302, headers: { Location: '/login' } }));
    const head = chunkedHead({ type: 'text/event-stream', headers: OF_RUN });
    socket.write(head + chunk('id: ho1.1.a.1\ndata: one\n\n'));
    return setTimeout(() => socket.destroy(), 20);
  });
  const holdOpen = { idempotencyKey: 'k', retry: { baseMs: 5 } };
  const events = holdEvents(server.url, { ...POST, holdOpen });
  await events.next();
  await expect(events.next()).rejects.toMatchObject({ code: 'HOLDOPEN_UNAUTHORIZED' });
});
