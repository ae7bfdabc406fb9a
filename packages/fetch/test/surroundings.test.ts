// What must not be disturbed around a hold: async contexts, timers, rejections, the process.
import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { expect, test, vi } from 'vitest';
import { readHeldJson } from '../../node/test/held/support/payload.js';
import { type FetchHoldOpenOptions, getHold, holdOpen } from '../src/index.js';
import { ask, events, held, Pieces, QUICK, quiet, receive, until } from './support/call.js';

const storage = new AsyncLocalStorage<string>();

function inContext(
  path: string,
  handler: (request: Request) => Promise<Response>,
  options: FetchHoldOpenOptions,
): Promise<Response> {
  return storage.run(`request ${path}`, () =>
    holdOpen(handler, { ...QUICK, ...options })(ask(path)),
  );
}

test('hooks, format, headers and lateError run in the async context of their own request', async () => {
  const seen = new Set<string>();
  const note = (what: string): void => void seen.add(`${what} in ${storage.getStore()}`);
  const options: FetchHoldOpenOptions = {
    format() {
      note('format');
      return 'json';
    },
    headers() {
      note('headers');
      return {};
    },
    lateError() {
      note('lateError');
      return {};
    },
    onBeat: () => note('onBeat'),
    onLateOutcome: () => note('onLateOutcome'),
  };
  const fails = async (request: Request): Promise<Response> => {
    await held(request);
    throw new Error('late');
  };
  const responses = await Promise.all(['/1', '/2'].map((path) => inContext(path, fails, options)));
  await Promise.all(responses.map(receive));
  expect([...seen].sort()).toEqual(
    ['format', 'headers', 'lateError', 'onBeat', 'onLateOutcome'].flatMap((hook) => [
      `${hook} in request /1`,
      `${hook} in request /2`,
    ]),
  );
});

test('a listener of the signal runs in the async context of its own request', async () => {
  const seen: unknown[] = [];
  const listens = (request: Request): Promise<Response> =>
    new Promise((_resolve, reject) => {
      const { signal } = getHold(request);
      signal.addEventListener('abort', () => {
        seen.push(storage.getStore());
        reject(signal.reason);
      });
    });
  const options = { maxSilenceMs: 100, onLateOutcome() {} };
  const responses = await Promise.all(
    ['/1', '/2'].map((path) => inContext(path, listens, options)),
  );
  await Promise.all(responses.map(receive));
  expect(seen.sort()).toEqual(['request /1', 'request /2']);
});

test("the user's fake timers do not meet ours", async () => {
  vi.useFakeTimers();
  try {
    const answer: { give?: (response: Response) => void } = {};
    const handler = holdOpen(
      () =>
        new Promise<Response>((resolve) => {
          answer.give = resolve;
        }),
      QUICK,
    );
    const response = await handler(ask());
    expect(vi.getTimerCount()).toBe(0);
    const reader = response.body?.getReader();
    for (let i = 0; i < 3; i++) expect((await reader?.read())?.value).toEqual(Uint8Array.of(10));
    answer.give?.(Response.json({ a: 1 }, { status: 500 }));
    await reader?.read();
    await expect(reader?.read()).rejects.toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});

test('whatever fails, no rejection is left without somebody who handles it', async () => {
  const unhandled: unknown[] = [];
  const listener = (reason: unknown): void => void unhandled.push(reason);
  process.on('unhandledRejection', listener);
  const errors = vi.spyOn(console, 'error').mockImplementation(() => {});
  const failing: ((request: Request) => Promise<unknown>)[] = [
    async (request) => {
      await held(request);
      throw new Error('late');
    },
    async (request) => {
      await held(request);
      return undefined;
    },
    async (request) => {
      await held(request);
      return Response.json({}, { status: 500 });
    },
    async (request) => {
      const pieces = new Pieces();
      await held(request);
      pieces.give('[1');
      pieces.fail(new Error('midway'));
      return new Response(pieces.body);
    },
    (request) =>
      new Promise((_resolve, reject) => {
        const { signal } = getHold(request);
        signal.addEventListener('abort', () => reject(signal.reason));
      }),
    async (request) => {
      await until('the client has left', () => getHold(request).state !== 'held');
      return events(
        new ReadableStream({
          cancel() {
            throw new Error('in cancel');
          },
        }),
      );
    },
    async () => Promise.reject(new Error('early')),
  ];
  const options: FetchHoldOpenOptions = {
    ...QUICK,
    onBeat: () => Promise.reject(new Error('in a hook')),
    onLateOutcome: () => Promise.reject(new Error('in a hook')),
    headers: () => Promise.reject(new Error('in headers')) as never,
  };
  for (const leaves of [false, true]) {
    for (const handler of failing) {
      const answer = holdOpen(handler as () => Promise<Response>, {
        ...options,
        maxSilenceMs: 400,
      })(ask());
      const response = await answer.catch((error: Error) => {
        expect(error.message).toBe('early');
      });
      if (response === undefined) continue;
      if (leaves) await response.body?.cancel(new Error('gone'));
      else await receive(response);
    }
  }
  await quiet(100);
  process.off('unhandledRejection', listener);
  errors.mockRestore();
  expect(unhandled).toEqual([]);
});

test('an early rejection that nobody handles is as unhandled as before, once', async () => {
  const unhandled: unknown[] = [];
  const listener = (reason: unknown): void => void unhandled.push(reason);
  const others = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', listener);
  const error = new Error('early');
  void holdOpen(() => Promise.reject(error))(ask());
  await until('it is reported', () => unhandled.length > 0);
  await quiet(20);
  process.off('unhandledRejection', listener);
  for (const other of others) process.on('unhandledRejection', other);
  expect(unhandled).toEqual([error]);
});

test('what is told of a hold is told in the async context of its request', async () => {
  const seen = new Map<string, Set<unknown>>();
  const listener = (event: unknown): void => {
    const { type } = event as { type: string };
    seen.set(type, (seen.get(type) ?? new Set()).add(storage.getStore()));
  };
  const types = ['start', 'commit', 'beat', 'silence', 'late-outcome', 'end', 'untouched'];
  for (const type of types) subscribe(`holdopen:${type}`, listener);
  const hangs = (): Promise<Response> => new Promise(() => {});
  await receive(await inContext('/1', hangs, { maxSilenceMs: 100 }));
  const slow = async (): Promise<Response> => {
    await quiet(100);
    return new Response();
  };
  const png = { method: 'POST', headers: { accept: 'image/png' } };
  await storage.run('request /1', () => holdOpen(slow, QUICK)(ask('/1', png)));
  for (const type of types) unsubscribe(`holdopen:${type}`, listener);
  const inside = new Set(['request /1']);
  expect(seen).toEqual(new Map(types.map((type) => [type, inside])));
});

test('everything that happens can be seen on the diagnostics channels', async () => {
  const types = ['start', 'commit', 'beat', 'late-outcome', 'end'];
  const seen: { type: string; request: unknown }[] = [];
  const listener = (event: unknown): void => void seen.push(event as never);
  for (const type of types) subscribe(`holdopen:${type}`, listener);
  const request = ask();
  const handler = holdOpen(async () => {
    await held(request);
    return Response.json(1, { status: 201 });
  }, QUICK);
  await receive(await handler(request));
  for (const type of types) unsubscribe(`holdopen:${type}`, listener);
  expect(new Set(seen.map(({ type }) => type))).toEqual(new Set(types));
  expect(seen.every((event) => event.request === request)).toBe(true);
});

test("a format of the user's own that throws takes no payload with it", async () => {
  const errors = vi.spyOn(console, 'error').mockImplementation(() => {});
  const handler = holdOpen(
    async (request) => {
      await held(request);
      return Response.json({ a: 1 });
    },
    {
      ...QUICK,
      format: {
        name: 'own',
        contentType: 'application/json',
        matches: (type) => type === 'application/json',
        createTracker: () => ({ push() {}, place: () => 'boundary' }),
        beat() {
          throw new Error('no beat');
        },
      },
    },
  );
  const { text } = await receive(await handler(ask()));
  expect(text).toBe('{"a":1}');
  expect(errors.mock.calls[0]?.[0]).toMatch(/beat/);
  errors.mockRestore();
});

test('five hundred at once are held, each by itself', async () => {
  const handler = holdOpen(async (request) => {
    await held(request);
    await quiet(100 + Math.random() * 200);
    const url = new URL(request.url);
    return Response.json({ path: url.pathname }, { status: 201 });
  }, QUICK);
  const paths = Array.from({ length: 500 }, (_, index) => `/${index}`);
  const bodies = await Promise.all(
    paths.map(async (path) => (await receive(await handler(ask(path)))).text),
  );
  for (const [index, body] of bodies.entries()) {
    const { beats, lateHead, payload } = readHeldJson(body);
    expect(beats).toBeGreaterThan(0);
    expect(lateHead?.status).toBe(201);
    expect(payload).toBe(`{"path":"/${index}"}`);
  }
});
