/** Who is shown what. */
import { expect, onTestFinished, test, vi } from 'vitest';
import { until } from '../../../test/support/until.js';
import { type HeadersContext, holdEvents, holdFetch } from '../src/index.js';
import { BadPath } from './support/bad-path.js';
import { chunk, chunkedHead, END, plain, RawServer } from './support/raw-server.js';
import { numbers, RunServer } from './support/run-server.js';

const KEYED = { idempotencyKey: true, retry: { baseMs: 5, maxAttempts: 3 } } as const;
const POST = { method: 'POST', body: 'x' } as const;

const authorizations = ({ requests }: RawServer): (string | undefined)[] =>
  requests.map(({ head }) => /^authorization: (.*)$/im.exec(head)?.[1]);

test('a headers function is asked at each attempt, and once more after a 401', async () => {
  await using server = await RawServer.start((socket, { count }) => {
    if (count === 1) socket.destroy();
    else if (count === 2) socket.write(plain('who?', { status: 401 }));
    else socket.write(plain('you'));
  });
  const asked: HeadersContext[] = [];
  const response = await holdFetch(server.url, {
    headers: async (context) => {
      asked.push(context);
      return { Authorization: `Bearer ${asked.length}` };
    },
    holdOpen: { retry: { baseMs: 5 } },
  });
  expect([response.status, await response.text()]).toEqual([200, 'you']);
  expect(authorizations(server)).toEqual(['Bearer 1', 'Bearer 2', 'Bearer 3']);
  expect(asked).toEqual([
    { attempt: 1, isRefused: false },
    { attempt: 2, isRefused: false },
    { attempt: 3, isRefused: true },
  ]);
});

test('a second 401 is the answer', async () => {
  await using server = await RawServer.start((socket) => {
    socket.write(plain('who?', { status: 401 }));
  });
  const headers = () => ({ Authorization: 'Bearer x' });
  expect((await holdFetch(server.url, { ...POST, headers })).status).toBe(401);
  expect(server.requests.length).toBe(2);
  // Headers that stay the same are no better the second time.
  expect((await holdFetch(server.url, { headers: { Authorization: 'x' } })).status).toBe(401);
  expect(server.requests.length).toBe(3);
});

test('neither Link nor Location leads credentials to another origin', async () => {
  await using stranger = await RawServer.start((socket) => {
    socket.write(chunkedHead({ type: 'text/event-stream' }) + END);
  });
  await using server = await RawServer.start((socket, { count }) => {
    const headers = {
      Link: `<${stranger.url}runs/1>; rel="status"`,
      Location: `${stranger.url}runs/1`,
      'Content-Location': `${stranger.url}runs/1/events`,
      'HoldOpen-Run': 'hr1.secret',
    };
    socket.write(chunkedHead({ type: 'text/event-stream', headers }));
    if (count === 1) socket.end(chunk('id: ho1.r.e.1\ndata: a\n\n'));
    else socket.end(chunk('id: ho1.r.e.2c\ndata: b\n\n') + END);
  });
  const read: string[] = [];
  for await (const { data } of holdEvents(server.url, {
    ...POST,
    headers: { Authorization: 'Bearer secret' },
    holdOpen: KEYED,
  })) {
    read.push(data);
  }
  expect(read).toEqual(['a', 'b']);
  expect(server.requests.length).toBe(2);
  expect(stranger.connections).toBe(0);
});

test('a place of a run that moves is not followed', async () => {
  await using stranger = await RawServer.start((socket) => {
    socket.write(plain('{"state":"running"}', { type: 'application/json' }));
  });
  await using server = await RawServer.start((socket, { head }) => {
    const isRun = head.includes(' /runs/');
    const headers = { Link: '</runs/1>; rel="status"', 'HoldOpen-Run': 'hr1.secret' };
    const away = { status: 307, headers: { Location: stranger.url } };
    if (isRun) socket.write(plain('', away));
    else socket.end(chunkedHead({ type: 'text/event-stream', headers }) + chunk(': x\n\n'));
  });
  const events = holdEvents(server.url, { ...POST, holdOpen: KEYED });
  await expect(events.next()).rejects.toThrow();
  expect(server.requests.some(({ head }) => head.includes(' /runs/1'))).toBe(true);
  expect(stranger.connections).toBe(0);
});

test.each([
  [302, 'POST', 'GET', ''],
  [303, 'PUT', 'GET', ''],
  [307, 'POST', 'POST', 'x'],
  [308, 'PUT', 'PUT', 'x'],
])('%i of a %s leads no credentials to another origin', async (status, method, then, body) => {
  await using stranger = await RawServer.start((socket) => socket.write(plain('there')));
  await using server = await RawServer.start((socket, { count }) => {
    const Location = count === 1 ? '/nearer' : `${stranger.url}far`;
    socket.write(plain('', { status, headers: { Location } }));
  });
  const headers = { Authorization: 'Bearer s3', 'X-Api-Key': 's3', Cookie: 'a=s3', 'X-A': 's3' };
  const init = { method, body: 'x', headers } as const;
  for (const ask of [
    () => holdFetch(server.url, init),
    () => holdFetch(new Request(server.url, init)),
    () => holdFetch(server.url, { ...init, headers: () => headers }),
  ]) {
    server.requests.length = 0;
    stranger.requests.length = 0;
    const response = await ask();
    expect([response.redirected, response.url]).toEqual([true, `${stranger.url}far`]);
    expect(await response.text()).toBe('there');
    expect(server.requests[1]?.head).toMatch(/^authorization: Bearer s3/im);
    expect(stranger.requests[0]).toMatchObject({ body });
    expect(stranger.requests[0]?.head).toMatch(new RegExp(`^${then} /far `));
    expect(stranger.requests[0]?.head).not.toContain('s3');
  }
});

test('redirects without an end are an error, and not tried again', async () => {
  await using server = await RawServer.start((socket) => {
    socket.write(plain('', { status: 302, headers: { Location: '/' } }));
  });
  const asked = holdFetch(server.url, { headers: { 'X-Api-Key': 'x' }, holdOpen: KEYED });
  await expect(asked).rejects.toThrow(TypeError);
  expect(server.requests.length).toBe(21);
});

/** The module as it is in a page of another origin. */
function inPageOf(origin: string): void {
  vi.stubGlobal('location', { origin, href: `${origin}/` });
  onTestFinished(() => void vi.unstubAllGlobals());
}

test('a page of another origin resumes by the address, and shows the token of the run only when its login has gone', async () => {
  inPageOf('https://app.example.com');
  await using server = await RunServer.start((self) => numbers(4, self));
  server.allows = (request) => request.headers.get('authorization') === 'Bearer fresh';
  await using path = await BadPath.to(server.port);
  const read: string[] = [];
  let isLoggedIn = true;
  for await (const { data } of holdEvents(path.url, {
    ...POST,
    headers: () => (isLoggedIn ? { Authorization: 'Bearer fresh' } : {}),
    holdOpen: KEYED,
  })) {
    read.push(data);
    if (data !== '1') continue;
    isLoggedIn = false;
    path.breakAll();
    void until('it is back', () =>
      server.requests.some(({ path }) => path.endsWith('/events')),
    ).then(server.gate.open);
  }
  expect(read).toEqual(['0', '1', '2', '3']);
  const [first, ...later] = server.requests;
  expect(first?.headers.has('holdopen-run')).toBe(false);
  const resumed = later.filter(({ path }) => path.endsWith('/events'));
  expect(resumed.map(({ headers }) => headers.has('last-event-id'))).not.toContain(true);
  expect(resumed.at(-1)?.headers.get('holdopen-run')).toMatch(/^hr1\./);
  expect(later[0]?.headers.has('holdopen-run')).toBe(false);
});

test.each([
  [
    'of a run is named in the address',
    'ho1.r.e.1~own',
    '?a=%20b&last_event_id=ho1.r.e.1~own',
    undefined,
  ],
  ['of any other server in the header', '7', '?a=%20b', '7'],
])('in a page of another origin a place %s', async (_, id, query, header) => {
  inPageOf('https://app.example.com');
  await using server = await RawServer.start((socket, { count }) => {
    socket.write(chunkedHead({ type: 'text/event-stream' }));
    if (count === 1) socket.end(chunk(`id: ${id}\ndata: a\n\n`));
    else socket.write(chunk('id: ho1.r.e.2c\ndata: b\n\n') + END);
  });
  const read: string[] = [];
  const init = { ...POST, holdOpen: KEYED };
  for await (const { data } of holdEvents(`${server.url}?a=%20b`, init)) read.push(data);
  expect(read).toEqual(['a', 'b']);
  const { head = '' } = server.requests[1] ?? {};
  expect(head.split(' ')[1]).toBe(`/${query}`);
  expect(/^last-event-id: (.*)$/im.exec(head)?.[1]).toBe(header);
});
