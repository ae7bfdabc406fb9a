/** Work that is gone is not begun again; work that was given up is, under its key. */
import { describe, expect, test, vi } from 'vitest';
import { until } from '../../../test/support/until.js';
import {
  type HeadersContext,
  type HoldOpenError,
  type HoldOptions,
  type HoldState,
  holdEvents,
  holdFetch,
} from '../src/index.js';
import { BadPath } from './support/bad-path.js';
import { keeping } from './support/keeping.js';
import { chunk, chunkedHead, END, plain, RawServer } from './support/raw-server.js';
import { numbers, RunServer } from './support/run-server.js';
import { QUICK } from './support/servers.js';

const KEYED = { idempotencyKey: 'k', retry: { baseMs: 5, maxAttempts: 40 } } as const;
const POST = { method: 'POST', body: '{}' } as const;
const OF_RUN = { Link: '</runs/1>; rel="status"', 'HoldOpen-Run': 'hr1.x' };
const PROBLEM = 'application/problem+json';

/** What the client makes of it: an answer, its first event, or an error. */
const WAYS: readonly (readonly [
  string,
  (
    url: string,
    holdOpen: HoldOptions,
    headers?: (context: HeadersContext) => Record<string, string>,
  ) => Promise<string>,
])[] = [
  [
    'holdFetch',
    async (url, holdOpen, headers) => {
      const response = await holdFetch(url, { ...POST, headers, holdOpen });
      return `${response.status} ${await response.text()}`;
    },
  ],
  [
    'holdEvents',
    async (url, holdOpen, headers) => {
      const { value } = await holdEvents(url, { ...POST, headers, holdOpen }).next();
      return `200 ${value?.data}`;
    },
  ],
];

/** Its first answer tells the place of a run and breaks off; the others are told by the test. */
function breaksOff(
  name: string,
  answer: (isAtRun: boolean, count: number) => string | undefined,
): Promise<RawServer> {
  const isJson = name === 'holdFetch';
  const type = isJson ? 'application/json' : 'text/event-stream';
  const headers = { ...OF_RUN, ...(isJson && { HoldOpen: 'format=json' }) };
  return RawServer.start((socket, { head, count }) => {
    if (count === 1) return socket.end(chunkedHead({ type, headers }) + chunk('\n\n'));
    const own = head.includes('/runs/1') ? OF_RUN : {};
    const whole = chunkedHead({ type, headers: own }) + chunk(isJson ? '7' : 'data: 7\n\n') + END;
    return socket.write(answer(head.includes('/runs/1'), count) ?? whole);
  });
}

const posts = ({ requests }: RawServer): (string | undefined)[] =>
  requests
    .filter(({ head }) => head.startsWith('POST'))
    .map(({ head }) => /^idempotency-key: (.*)$/im.exec(head)?.[1]);

describe.each(WAYS)('%s: a run whose place was told', (name, asks) => {
  test.each([404, 410, 421])('and is not there any more, %i, is lost', async (status) => {
    await using server = await breaksOff(name, () => plain('', { status }));
    const states: string[] = [];
    const onState = ({ state }: HoldState) => states.push(state);
    const error: HoldOpenError = await asks(server.url, { ...KEYED, onState }).then(
      () => expect.fail('it is not lost'),
      (error) => error,
    );
    expect(error).toMatchObject({ code: 'HOLDOPEN_LOST', status });
    expect(error.message).toContain('Whether it was done is not known');
    expect([posts(server), states.at(-1)]).toEqual([['k'], 'lost']);
  });

  test('and whose process is another one now is lost, and not begun again there', async () => {
    const work = async ({ gate }: RunServer) => {
      await gate.opened;
      return Response.json(1);
    };
    // Its head waits until the run is known, also on a machine that is busy: its place is in it.
    await using first = await RunServer.start(work, { hold: { ...QUICK, firstBeatMs: 500 } });
    await using second = await RunServer.start(() => Response.json(2));
    await using path = await BadPath.to(first.port);
    let isTold = false;
    const onState = ({ runUrl }: HoldState) => {
      isTold ||= runUrl !== undefined;
    };
    const asking = asks(path.url, { ...KEYED, onState }).catch((error) => error);
    await until('the client knows its place', () => isTold);
    path.port = second.port;
    path.breakAll();
    expect(await asking).toMatchObject({ code: 'HOLDOPEN_LOST', attempts: 2 });
    expect([first.starts, second.starts]).toEqual([1, 0]);
  });

  test('and whose work was given up is begun again under its key', async () => {
    const drained = { status: 503, type: PROBLEM, headers: { 'Retry-After': '0' } };
    await using server = await breaksOff(name, (isAtRun) =>
      isAtRun ? plain('{"code":"drained"}', drained) : undefined,
    );
    expect(await asks(server.url, KEYED)).toBe('200 7');
    expect(posts(server)).toEqual(['k', 'k']);
  });

  test('and that a hop cannot reach is asked for again where it is', async () => {
    await using server = await breaksOff(name, (_, count) =>
      count < 5 ? plain('no upstream', { status: 503 }) : undefined,
    );
    expect(await asks(server.url, KEYED)).toBe('200 7');
    expect(posts(server)).toEqual(['k']);
  });

  test.each([429, 408, 425, 503])('and was released by %i is begun again', async (status) => {
    await using server = await RunServer.start((self) => {
      const headers = { 'Retry-After': '0' };
      if (self.starts === 1) return Response.json({ busy: 1 }, { status, headers });
      self.gate.open();
      return name === 'holdFetch' ? Response.json(7) : numbers(1, self);
    });
    expect(await asks(server.url, KEYED)).toBe(name === 'holdFetch' ? '200 7' : '200 0');
    expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /',
      'POST /',
    ]);
    expect(server.starts).toBe(2);
  });

  test('and that a login which has gone does not see is joined by the next', async () => {
    const { kept, holdOpen } = keeping();
    await using server = await RunServer.start(async (self) => {
      if (name !== 'holdFetch') return numbers(2, self);
      await self.gate.opened;
      return Response.json(0);
    });
    await using path = await BadPath.to(server.port);
    const onState = ({ runUrl }: HoldState) => runUrl !== undefined && path.breakAll();
    await asks(path.url, { ...holdOpen, retry: false, onState }).catch(() => {});
    const { key, place } = JSON.parse(kept.get('task') ?? '{}');
    expect(place).toMatch(/\/runs\//);
    kept.set('task', JSON.stringify({ key, place }));
    server.allows = () => false;
    await expect(asks(path.url, holdOpen)).rejects.toMatchObject({ code: 'HOLDOPEN_LOST' });
    expect(JSON.parse(kept.get('task') ?? '')).toEqual({ key });
    server.allows = () => true;
    server.gate.open();
    expect(await asks(path.url, holdOpen)).toBe('200 0');
    expect(server.starts).toBe(1);
  });

  test('and that a login which has expired does not see is asked for with the next one at once', async () => {
    const { kept, holdOpen } = keeping();
    await using server = await RunServer.start((self) => {
      self.gate.open();
      return name === 'holdFetch' ? Response.json(0) : numbers(2, self);
    });
    let place = '';
    const onState = ({ runUrl = '' }: HoldState) => {
      place = runUrl;
    };
    await asks(server.url, { idempotencyKey: 'k', onState });
    kept.set('task', JSON.stringify({ key: 'k', place }));
    server.allows = ({ headers }) => headers.get('authorization') === 'new';
    const headers = vi.fn(({ isRefused }: HeadersContext) => ({
      Authorization: isRefused ? 'new' : 'old',
    }));
    expect(await asks(server.url, holdOpen, headers)).toBe('200 0');
    expect([headers.mock.calls.length, server.starts]).toEqual([2, 1]);
    // Whoever is not seen with the new one either is asked no more.
    kept.set('task', JSON.stringify({ key: 'k', place }));
    server.allows = () => false;
    await expect(asks(server.url, holdOpen, headers)).rejects.toMatchObject({
      code: 'HOLDOPEN_LOST',
    });
    expect(headers.mock.calls.length).toBe(4);
  });

  test('and was released by a login that has gone is begun again by the next call', async () => {
    const { kept, holdOpen } = keeping();
    await using server = await RunServer.start((self) => {
      if (self.starts === 1) return Response.json({ who: '?' }, { status: 401 });
      self.gate.open();
      return name === 'holdFetch' ? Response.json(7) : numbers(1, self);
    });
    const refused = await asks(server.url, holdOpen).catch((error) => `${error.status}`);
    expect(refused).toMatch(/^401/);
    const { key } = JSON.parse(kept.get('task') ?? '{}');
    expect(await asks(server.url, holdOpen)).toMatch(/^200/);
    expect(new Set(server.requests.map(({ headers }) => headers.get('idempotency-key')))).toEqual(
      new Set([key]),
    );
    expect(server.starts).toBe(2);
  });
});

test('a run that has answered 404 itself is not lost', async () => {
  await using server = await RunServer.start(async (self) => {
    await self.gate.opened;
    return Response.json({ why: 'no such document' }, { status: 404 });
  });
  await using path = await BadPath.to(server.port);
  const asking = holdFetch(path.url, { ...POST, holdOpen: KEYED });
  await until('its head has left', () => server.starts === 1 && path.carried > 0);
  path.breakAll();
  await until('the client is back', () => server.requests.length >= 2);
  server.gate.open();
  const response = await asking;
  expect([response.status, await response.json()]).toEqual([404, { why: 'no such document' }]);
  expect(server.starts).toBe(1);
});

test('whoever wants events of a run that has refused is told its status', async () => {
  await using server = await RunServer.start(async (self) => {
    await self.gate.opened;
    return Response.json({ detail: 'no' }, { status: 422 });
  });
  await using path = await BadPath.to(server.port);
  const asking = holdEvents(path.url, { ...POST, holdOpen: KEYED })
    .next()
    .catch((error) => error);
  await until('its head has left', () => server.starts === 1 && path.carried > 0);
  path.isDown = true;
  path.breakAll();
  server.gate.open();
  await until('it has answered', async () => (await settledRuns(server)) === 1);
  path.isDown = false;
  expect(await asking).toMatchObject({ status: 422, problem: { detail: 'no' } });
  expect(server.starts).toBe(1);
});

/** How many runs have an end. */
async function settledRuns(server: RunServer): Promise<number> {
  const response = await fetch(`${server.url}runs`);
  const list = (await response.json()) as { runs: unknown[] };
  return server.starts - list.runs.length;
}
