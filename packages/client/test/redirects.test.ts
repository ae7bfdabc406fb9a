/** What a redirect leads to says nothing of the request: that has run. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { type HoldOpenError, type HoldRequestInit, holdEvents, holdFetch } from '../src/index.js';
import { bundleAsker, CHILD_RUNTIMES, RuntimeChild } from './support/child.js';
import { chunk, chunkedHead, plain, RawServer } from './support/raw-server.js';

const QUICKLY = { retry: { baseMs: 5, maxAttempts: 3 } } as const;
const HEADERS = { Authorization: 'Bearer x' };
const FORMS: readonly (readonly [string, HoldRequestInit])[] = [
  ['without headers', {}],
  ['with credentials', { headers: HEADERS }],
  ['with a headers function', { headers: () => HEADERS }],
];

/** Nobody listens there. */
async function nowhere(): Promise<string> {
  const server = await RawServer.start(() => {});
  const { url } = server;
  await server[Symbol.asyncDispose]();
  return url;
}

/** A server that does its work and says where to look for it. */
function movesTo(location: string, status: number): Promise<RawServer> {
  return RawServer.start((socket) => {
    socket.write(plain('', { status, headers: { Location: location } }));
  });
}

describe.each(FORMS)('a POST %s', (_, init) => {
  const order = { method: 'POST', body: 'x', ...init, holdOpen: QUICKLY } as const;

  test.each([302, 303, 307])('is sent once if nobody listens behind its %i', async (status) => {
    await using server = await movesTo(await nowhere(), status);
    const error: HoldOpenError = await holdFetch(server.url, order).catch((error) => error);
    expect(error).toMatchObject({ code: 'HOLDOPEN_REFUSED', mayHaveRun: true, attempts: 1 });
    expect(error.message).not.toContain('was not begun');
    await expect(holdEvents(server.url, order).next()).rejects.toMatchObject({ mayHaveRun: true });
    expect(server.requests.length).toBe(2);
  });

  test.each([
    [429, {}],
    [503, { 'Retry-After': '0' }],
    [401, {}],
  ])('is sent once if the answer behind its redirect is %i', async (status, headers) => {
    await using busy = await RawServer.start((socket) => {
      socket.write(plain('busy', { status, headers }));
    });
    await using server = await movesTo(busy.url, 303);
    const response = await holdFetch(server.url, order);
    expect([response.status, response.redirected]).toEqual([status, true]);
    await expect(holdEvents(server.url, order).next()).rejects.toMatchObject({ status });
    expect(server.requests.length).toBe(2);
  });
});

test.each([
  ['GET', {}],
  ['PUT', {}],
  ['POST', { idempotencyKey: 'k' }],
])('a %s with %o is sent again from its beginning', async (method, own) => {
  const holdOpen = { ...QUICKLY, ...own };
  await using busy = await RawServer.start((socket, { count }) => {
    socket.write(plain('there', { status: count === 1 ? 429 : 200 }));
  });
  await using server = await movesTo(busy.url, 307);
  const response = await holdFetch(server.url, { method, holdOpen });
  expect([response.status, await response.text()]).toEqual([200, 'there']);
  expect(server.requests.length).toBe(2);
});

describe('a redirect that leads out of HTTP is not followed', () => {
  const AWAY = ['file:///etc/hostname', 'data:text/plain,hello', 'blob:null/1'];

  test.each(AWAY.flatMap((away) => FORMS.map(([form, init]) => [away, form, init] as const)))(
    'to %s, %s',
    async (away, _, init) => {
      await using server = await movesTo(away, 302);
      for (const method of ['GET', 'POST']) {
        const asked = holdFetch(server.url, { ...init, method, holdOpen: QUICKLY });
        await expect(asked).rejects.toMatchObject({ code: 'HOLDOPEN_PROTOCOL' });
      }
      expect(server.requests.length).toBe(2);
    },
  );

  test.each(CHILD_RUNTIMES)('on $name', async ({ command }) => {
    const child = new RuntimeChild(command(), await bundleAsker());
    onTestFinished(() => child.kill());
    for (const away of AWAY) {
      await using server = await movesTo(away, 302);
      const question = { wants: 'answer', holdOpen: QUICKLY, timeoutMs: 10_000 } as const;
      expect(await child.ask({ ...question, url: server.url })).toBe('PROTOCOL');
      expect(server.requests.length).toBe(1);
    }
  });
});

test('a stranger whom a redirect leads to cannot name a place at home', async () => {
  let home = '';
  await using stranger = await RawServer.start((socket) => {
    const Link = `<${home}transfer?to=eve>; rel="status"`;
    socket.end(chunkedHead({ headers: { Link, 'HoldOpen-Run': 'hr1.x' } }) + chunk('[1,'));
  });
  await using server = await movesTo(stranger.url, 307);
  home = server.url;
  const init = { method: 'POST', headers: HEADERS, holdOpen: { ...QUICKLY, idempotencyKey: 'k' } };
  const response = await holdFetch(server.url, init);
  await expect(response.text()).rejects.toMatchObject({ run: undefined });
  expect(server.requests.map(({ head }) => head.split(' ')[1])).toEqual(['/']);
});
