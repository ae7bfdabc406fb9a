import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { WorkInfo } from '../src/serve/work.js';
import {
  ask,
  blocksOf,
  eventStream,
  gate,
  KEY,
  openRuns,
  problemOf,
  quiet,
  runOf,
  serve,
} from './support/desk.js';

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a request without a key', () => {
  test('is its handler’s: the same request goes in, and the same promise comes out', () => {
    const runs = openRuns();
    const request = ask();
    const answer = Promise.resolve(new Response('plain'));
    let seen: Request | undefined;
    const given = runs.serve(request, (it) => {
      seen = it;
      return answer;
    });
    expect(seen).toBe(request);
    expect(given).toBe(answer);
  });

  test('has the signal of its own connection and belongs to no run', () => {
    const runs = openRuns();
    const left = new AbortController();
    let info: WorkInfo | undefined;
    runs.serve(ask({ signal: left.signal }), (_, it) => {
      info = it;
      return new Response();
    });
    expect(info?.id).toBeUndefined();
    expect(info?.signal.aborted).toBe(false);
    left.abort();
    expect(info?.signal.aborted).toBe(true);
  });

  test('a key on a GET is the application’s own', () => {
    const runs = openRuns();
    const request = ask({ method: 'GET', key: KEY });
    runs.serve(request, (it) => {
      expect(it).toBe(request);
      return new Response();
    });
    expect.assertions(1);
  });
});

describe('under one key', () => {
  test('fifty requests at once start the work once and get the same answer', async () => {
    const runs = openRuns();
    const go = gate();
    let starts = 0;
    const work = async (request: Request) => {
      starts += 1;
      const { n } = (await request.json()) as { n: number };
      await go.opened;
      return Response.json({ double: n * 2 }, { status: 201 });
    };
    const asked = Array.from({ length: 50 }, () =>
      serve(runs, ask({ key: KEY, body: '{"n":21}' }), work),
    );
    await new Promise((resolve) => setTimeout(resolve, 30));
    go.open();
    const answers = await Promise.all(asked);
    expect(starts).toBe(1);
    for (const answer of answers) {
      expect(answer.status).toBe(201);
      expect(answer.headers.get('content-length')).toBe('13');
      expect(answer.headers.get('content-type')).toBe('application/json');
      expect(await answer.json()).toEqual({ double: 42 });
    }
    expect(new Set(answers.map(runOf)).size).toBe(1);
  });

  test('a caller that leaves does not end the work, and finds its result when it comes back', async () => {
    const runs = openRuns();
    const go = gate();
    const left = new AbortController();
    let info: WorkInfo | undefined;
    const first = serve(runs, ask({ key: KEY, body: 'a', signal: left.signal }), async (_, it) => {
      info = it;
      await go.opened;
      return new Response('made');
    });
    await vi.waitFor(() => expect(info).toBeDefined());
    left.abort();
    // Nobody reads it; the promise is not left hanging either.
    expect((await first).status).toBe(499);
    expect(info?.signal.aborted).toBe(false);
    go.open();
    const again = await serve(runs, ask({ key: KEY, body: 'a' }), () => {
      throw new Error('started twice');
    });
    expect(await again.text()).toBe('made');
  });

  test('a bare key and a quoted one are the same; another route, user or key is another run', async () => {
    const runs = openRuns();
    let starts = 0;
    const work = () => new Response(String(++starts));
    const text = async (about: Parameters<typeof ask>[0]) =>
      (await serve(runs, ask({ body: 'x', ...about }), work)).text();
    expect(await text({ key: KEY })).toBe('1');
    expect(await text({ key: `"${KEY}"` })).toBe('1');
    expect(await text({ key: KEY, url: 'http://test.example/other' })).toBe('2');
    expect(await text({ key: KEY, user: 'bob' })).toBe('3');
    expect(await text({ key: 'another' })).toBe('4');
  });

  test('another payload is 422 and starts nothing', async () => {
    const runs = openRuns();
    const work = vi.fn(() => new Response('done'));
    await serve(runs, ask({ key: KEY, body: 'pay 1' }), work);
    for (const about of [
      { body: 'pay 2' },
      { body: 'pay 1', url: 'http://test.example/work?fast=1' },
      { body: 'pay 1', headers: { 'content-type': 'application/json' } },
    ]) {
      const answer = await serve(runs, ask({ key: KEY, ...about }), work);
      expect(answer.status).toBe(422);
      expect(await problemOf(answer)).toMatchObject({ code: 'payload_differs', status: 422 });
    }
    expect(work).toHaveBeenCalledTimes(1);
  });

  test('a form that is sent again with another boundary is the same payload', async () => {
    const runs = openRuns();
    const work = vi.fn(async (request: Request) => {
      const form = await request.formData();
      return new Response(String(form.get('name')));
    });
    const send = () => {
      const form = new FormData();
      form.set('name', 'Ann');
      form.set('file', new Blob(['abc']), 'a.txt');
      const made = new Request('http://test.example/work', {
        method: 'POST',
        body: form,
        headers: { 'x-user': 'ann', 'idempotency-key': KEY },
      });
      return serve(runs, made, work);
    };
    expect(await (await send()).text()).toBe('Ann');
    expect(await (await send()).text()).toBe('Ann');
    expect(work).toHaveBeenCalledTimes(1);
  });

  test('the route can refuse to wait with work that goes on', async () => {
    const runs = openRuns({ whileRunning: 'refuse' });
    const go = gate();
    const work = async () => {
      await go.opened;
      return new Response('done');
    };
    const first = serve(runs, ask({ key: KEY, body: 'a' }), work);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const second = await serve(runs, ask({ key: KEY, body: 'a' }), work);
    expect(second.status).toBe(409);
    expect(second.headers.get('retry-after')).not.toBeNull();
    expect(await problemOf(second)).toMatchObject({ code: 'running' });
    go.open();
    expect(await (await first).text()).toBe('done');
  });

  test('a key for GET requests is made by the route', async () => {
    const runs = openRuns({ key: (request) => new URL(request.url).searchParams.get('job') ?? '' });
    let starts = 0;
    const get = (job: string) =>
      serve(runs, ask({ method: 'GET', url: `http://test.example/job${job}` }), () => {
        starts += 1;
        return new Response('x');
      });
    await get('?job=7');
    await get('?job=7');
    expect(starts).toBe(1);
    // No key, no run.
    await get('');
    await get('');
    expect(starts).toBe(3);
  });

  test('what a parser made of the body counts as the payload', async () => {
    const runs = openRuns();
    const work = vi.fn(() => new Response('done'));
    const send = async (value: unknown) => {
      const request = ask({ key: KEY, body: 'read already' });
      await request.text();
      return runs.serve(request, work, { parsed: { value } });
    };
    expect((await send({ a: 1, b: 2 })).status).toBe(200);
    expect((await send({ b: 2, a: 1 })).status).toBe(200);
    expect((await send({ b: 2 })).status).toBe(422);
    expect(work).toHaveBeenCalledTimes(1);
  });

  test('a body that somebody has read is said so, not taken for an empty one', async () => {
    const runs = openRuns();
    const request = ask({ key: KEY, body: 'x' });
    await request.text();
    await expect(serve(runs, request, () => new Response())).rejects.toMatchObject({
      code: 'invalid_option',
      message: expect.stringContaining('Mount holdOpen before'),
    });
  });
});

describe('the request of a run', () => {
  async function seenBy(about: Parameters<typeof ask>[0]): Promise<Request> {
    const go = gate<Request>();
    await serve(openRuns(), ask({ key: KEY, ...about }), (request) => {
      go.open(request);
      return new Response();
    });
    return go.opened;
  }

  test('has method, address, headers and body of the caller’s', async () => {
    const seen = await seenBy({
      method: 'PATCH',
      url: 'http://test.example/work?a=1',
      body: 'payload',
      headers: { 'x-own': 'yes', cookie: 'a=b' },
    });
    expect(seen.method).toBe('PATCH');
    expect(seen.url).toBe('http://test.example/work?a=1');
    expect(seen.headers.get('x-own')).toBe('yes');
    expect(seen.headers.get('idempotency-key')).toBe(KEY);
    expect(await seen.text()).toBe('payload');
  });

  test('asks for the whole answer in the clear, and keeps what says when it may write', async () => {
    const seen = await seenBy({
      headers: {
        'accept-encoding': 'gzip',
        range: 'bytes=0-1',
        'if-range': '"a"',
        'if-match': '"v3"',
        prefer: 'respond-async, wait=9',
      },
    });
    expect(seen.headers.get('accept-encoding')).toBe('identity');
    expect(seen.headers.get('range')).toBeNull();
    expect(seen.headers.get('if-range')).toBeNull();
    expect(seen.headers.get('prefer')).toBeNull();
    // Without it a lost update would be written over.
    expect(seen.headers.get('if-match')).toBe('"v3"');
  });
});

test('the work runs in the async context of the request that started it', async () => {
  const runs = openRuns();
  const storage = new AsyncLocalStorage<string>();
  const work = async () => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    return new Response(storage.getStore());
  };
  let starter: string | undefined;
  const asked = (name: string) =>
    storage.run(name, () =>
      serve(runs, ask({ key: KEY, body: 'x' }), () => {
        starter = name;
        return work();
      }),
    );
  // Either may come first, since a payload is hashed elsewhere.
  const answers = await Promise.all([asked('first'), asked('second')]);
  const texts = await Promise.all(answers.map((answer) => answer.text()));
  expect(texts).toEqual([starter, starter]);
});

test('a platform that stops early is told of the work, also when its caller has left', async () => {
  const runs = openRuns();
  const awake: Promise<unknown>[] = [];
  const go = gate();
  const left = new AbortController();
  const about = { waitUntil: (work: Promise<unknown>) => void awake.push(work) };
  const request = ask({ key: KEY, signal: left.signal });
  const answer = runs.serve(
    request,
    async () => {
      await go.opened;
      return new Response('x');
    },
    about,
  );
  await vi.waitFor(() => expect(awake).toHaveLength(1));
  left.abort();
  await answer;
  go.open();
  await Promise.all(awake);
  expect(await runs.drain({ timeoutMs: 0 })).toEqual({ settled: 0, released: 0, unsettled: 0 });
});

describe('the answer of a run', () => {
  test('says where the run is, and is cached by nobody', async () => {
    const runs = openRuns();
    const answer = await serve(runs, ask({ key: KEY }), () =>
      Response.json({}, { headers: { link: '</next>; rel="next"', 'cache-control': 'public' } }),
    );
    const run = runOf(answer);
    expect(answer.headers.get('content-location')).toBe(`/runs/${run}/result`);
    expect(answer.headers.get('link')).toContain('</next>; rel="next"');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('vary')).toMatch(/Idempotency-Key/);
    expect(answer.headers.get('holdopen-run')).toMatch(/^hr1\./);
  });

  test('keeps no cookie, no connection and no CORS of its first caller', async () => {
    const warning = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const runs = openRuns({ keepHeaders: ['X-Model'] });
    const work = () => {
      const headers = new Headers({
        'set-cookie': 'session=secret',
        'access-control-allow-origin': 'https://first.example',
        'access-control-allow-credentials': 'true',
        'keep-alive': 'timeout=5',
        'x-model': 'm1',
        'x-internal': 'no',
        'content-language': 'de',
      });
      return new Response('x', { headers });
    };
    for (let i = 0; i < 2; i += 1) {
      const { headers } = await serve(runs, ask({ key: KEY }), work);
      const names = [...headers.keys()];
      expect(names.filter((name) => name.startsWith('access-control'))).toEqual([]);
      expect(names).not.toContain('set-cookie');
      expect(names).not.toContain('keep-alive');
      expect(names).not.toContain('x-internal');
      expect(headers.get('x-model')).toBe('m1');
      expect(headers.get('content-language')).toBe('de');
    }
    expect(warning).toHaveBeenCalledTimes(1);
  });

  test('CORS is computed for whoever asks', async () => {
    const origins = ['https://a.example', 'https://b.example'];
    const runs = openRuns({ cors: { origins, credentials: true } });
    const from = async (origin: string) =>
      (await serve(runs, ask({ key: KEY, headers: { origin } }), () => new Response('x'))).headers;
    for (const origin of origins) {
      const headers = await from(origin);
      expect(headers.get('access-control-allow-origin')).toBe(origin);
      expect(headers.get('access-control-expose-headers')).toContain('HoldOpen-Run');
    }
    const stranger = await from('https://evil.example');
    expect(stranger.get('access-control-allow-origin')).toBeNull();
    expect(stranger.get('vary')).toContain('Origin');
  });

  test('a page of another origin can read a refusal', async () => {
    const origin = 'https://app.example';
    const cors = { origins: [origin] };
    const nobody = () => null;
    for (const [options, about, status] of [
      [{}, { key: 'a b' }, 400],
      [{ authorize: nobody }, { key: KEY }, 403],
      [{ maxBodyBytes: 3 }, { key: KEY, body: 'long' }, 413],
    ] as const) {
      const request = ask({ ...about, headers: { origin } });
      const answer = await serve(openRuns({ cors, ...options }), request, () => new Response());
      const allowed = answer.headers.get('access-control-allow-origin');
      expect([answer.status, allowed]).toEqual([status, origin]);
    }
  });

  test('bodies of any bytes and sizes come back as they were', async () => {
    const bytes = new Uint8Array(300_001).map((_, i) => (i * 7919) & 255);
    const runs = openRuns();
    const work = () => new Response(bytes, { headers: { 'content-type': 'application/pdf' } });
    for (let i = 0; i < 2; i += 1) {
      const answer = await serve(runs, ask({ key: KEY }), work);
      expect(answer.headers.get('content-length')).toBe('300001');
      expect(new Uint8Array(await answer.arrayBuffer())).toEqual(bytes);
    }
  });

  test('an answer without a body has none when it is replayed', async () => {
    const runs = openRuns();
    for (let i = 0; i < 2; i += 1) {
      const answer = await serve(
        runs,
        ask({ key: KEY }),
        () => new Response(null, { status: 204 }),
      );
      expect(answer.status).toBe(204);
      expect(answer.body).toBeNull();
      expect(answer.headers.get('content-length')).toBeNull();
    }
  });

  test('a redirect is kept', async () => {
    const runs = openRuns();
    const work = () => new Response(null, { status: 303, headers: { location: '/made/1' } });
    const answer = await serve(runs, ask({ key: KEY }), work);
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/made/1']);
  });

  test('what comes with a content coding is kept in the clear', async () => {
    const runs = openRuns();
    const work = () => {
      const body = new Blob(['packed']).stream().pipeThrough(new CompressionStream('gzip'));
      return new Response(body, { headers: { 'content-encoding': 'gzip' } });
    };
    const answer = await serve(runs, ask({ key: KEY }), work);
    expect(answer.headers.get('content-encoding')).toBeNull();
    expect(await answer.text()).toBe('packed');
  });

  test('one who cannot take the type of the run gets 406, but not the one who started it', async () => {
    const runs = openRuns();
    const work = () => Response.json({ a: 1 });
    const as = (accept: string) => serve(runs, ask({ key: KEY, headers: { accept } }), work);
    expect((await as('text/csv')).status).toBe(200);
    expect((await as('application/json')).status).toBe(200);
    expect((await as('text/html, */*;q=0.1')).status).toBe(200);
    const refused = await as('text/event-stream');
    expect(refused.status).toBe(406);
    expect(await problemOf(refused)).toMatchObject({ code: 'not_acceptable' });
    expect((await as('*/*, application/json;q=0')).status).toBe(406);
  });
});

describe('work that fails', () => {
  test('by throwing or rejecting is a failure without its message, and stays one', async () => {
    const errors = quiet();
    const runs = openRuns();
    let starts = 0;
    const ways = [
      () => {
        starts += 1;
        throw new Error('password 123');
      },
      async () => {
        starts += 1;
        throw new Error('password 123');
      },
    ];
    for (const [i, work] of ways.entries()) {
      for (let again = 0; again < 2; again += 1) {
        const answer = await serve(runs, ask({ key: `key-${i}` }), work);
        expect(answer.status).toBe(500);
        const problem = await problemOf(answer);
        expect(problem).toMatchObject({ code: 'handler_error' });
        expect(JSON.stringify(problem)).not.toContain('password');
      }
    }
    expect(starts).toBe(2);
    // Whoever runs the server sees it, once each.
    expect(errors).toHaveBeenCalledTimes(2);
    expect(String(errors.mock.calls[0]?.[1])).toContain('password 123');
  });

  test('with an answer of its own is replayed with its status and body', async () => {
    const runs = openRuns();
    const work = vi.fn(() => Response.json({ field: 'name' }, { status: 422 }));
    for (let i = 0; i < 2; i += 1) {
      const answer = await serve(runs, ask({ key: KEY }), work);
      expect([answer.status, await answer.json()]).toEqual([422, { field: 'name' }]);
    }
    expect(work).toHaveBeenCalledTimes(1);
  });

  test('in the middle of its body is never taken for a whole result', async () => {
    quiet();
    const runs = openRuns();
    const work = () => {
      let pulls = 0;
      const body = new ReadableStream({
        pull(controller) {
          pulls += 1;
          if (pulls === 1) controller.enqueue(new TextEncoder().encode('{"half":'));
          else controller.error(new Error('broke'));
        },
      });
      return new Response(body, { headers: { 'content-type': 'application/json' } });
    };
    for (let i = 0; i < 2; i += 1) {
      const answer = await serve(runs, ask({ key: KEY }), work);
      expect(answer.status).toBe(500);
      expect(await problemOf(answer)).toMatchObject({ code: 'handler_error' });
    }
  });

  test.each([401, 403, 408, 425, 429, 503])(
    'with %i did nothing, so that the key is free again',
    async (status) => {
      const runs = openRuns();
      const attempts: number[] = [];
      const work = (_: Request, { attempt }: WorkInfo) => {
        attempts.push(attempt);
        const headers = { 'retry-after': '7', 'www-authenticate': 'Bearer' };
        return attempts.length === 1
          ? new Response('not now', { status, headers })
          : new Response('done');
      };
      const first = await serve(runs, ask({ key: KEY }), work);
      expect([first.status, await first.text()]).toEqual([status, 'not now']);
      expect(first.headers.get('retry-after')).toBe('7');
      const second = await serve(runs, ask({ key: KEY }), work);
      expect([second.status, await second.text()]).toEqual([200, 'done']);
      expect(attempts).toEqual([1, 2]);
    },
  );

  test('by giving something that is no answer', async () => {
    quiet();
    const runs = openRuns();
    const nothing = () => undefined as unknown as Response;
    expect((await serve(runs, ask({ key: 'a' }), nothing)).status).toBe(500);
    expect((await serve(runs, ask({ key: 'b' }), () => Response.error())).status).toBe(500);
  });

  test('by throwing an answer, as some frameworks do, has answered', async () => {
    const runs = openRuns();
    const answer = await serve(runs, ask({ key: KEY }), () => {
      throw new Response('gone', { status: 410 });
    });
    expect([answer.status, await answer.text()]).toEqual([410, 'gone']);
  });
});

describe('a place in a log beside a key', () => {
  const events = () => eventStream(['data: 1\n\n', 'data: 2\n\n']);

  test('of another run says nothing: the work of the key is done', async () => {
    const runs = openRuns();
    const one = await serve(runs, ask({ key: KEY, body: 'a' }), events);
    for (const { id = '' } of blocksOf(await one.text())) {
      const headers = { 'last-event-id': id };
      const answer = await serve(
        runs,
        ask({ key: `new-${id.slice(-2).replace('.', '')}`, body: 'b', headers }),
        () => new Response('new work'),
      );
      expect(await answer.text()).toBe('new work');
    }
  });

  test('of the same run does not excuse another payload', async () => {
    const runs = openRuns();
    const one = await serve(runs, ask({ key: KEY, body: 'a' }), events);
    const id = blocksOf(await one.text())[1]?.id ?? '';
    const headers = { 'last-event-id': id };
    const swapped = await serve(runs, ask({ key: KEY, body: 'b', headers }), events);
    expect(swapped.status).toBe(422);
    const same = await serve(runs, ask({ key: KEY, body: 'a', headers }), events);
    expect(blocksOf(await same.text()).map(({ data }) => data)).toEqual([
      undefined,
      '2',
      undefined,
    ]);
  });

  test.each([
    ['of ours alone', 'http://test.example/work', false],
    ['behind a query that stays as it was written', 'http://test.example/work?q=a%20b', false],
    ['around an id of the application’s', 'http://test.example/work?q=1', true],
  ])('in the query is no part of the payload: %s', async (_what, url, hasOwnId) => {
    const key = () => 'one';
    const runs = openRuns({ key });
    let status = 503;
    const own = hasOwnId ? ['id: 1\n', 'id: 2\n'] : ['', ''];
    const two = () => eventStream([`${own[0]}data: 1\n\n`, `${own[1]}data: 2\n\n`]);
    const work = () => (status === 200 ? two() : new Response('busy', { status }));
    expect((await serve(runs, ask({ method: 'GET', url }), work)).status).toBe(503);
    status = 200;
    const first = await serve(runs, ask({ method: 'GET', url }), work);
    const id = encodeURIComponent(blocksOf(await first.text())[1]?.id ?? '');
    const again = await serve(
      runs,
      ask({ method: 'GET', url: `${url}${url.includes('?') ? '&' : '?'}last_event_id=${id}` }),
      work,
    );
    expect(blocksOf(await again.text()).map(({ data }) => data)).toEqual([
      undefined,
      '2',
      undefined,
    ]);
  });
});

test('a chunk that is no bytes fails the run, for nothing may be missing', async () => {
  quiet();
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('one '));
      controller.enqueue(new ArrayBuffer(4));
      controller.close();
    },
  });
  const answer = await serve(openRuns(), ask({ key: KEY }), () => new Response(body));
  expect(await problemOf(answer)).toMatchObject({ status: 500, code: 'handler_error' });
});

test('an option key that gives a promise is refused', async () => {
  const runs = openRuns({ key: (async () => 'a') as never });
  expect(() => runs.serve(ask({ method: 'GET' }), () => new Response())).toThrow('promise');
});

test.each([
  ['an object', (request: Request) => request.json()],
  ['null', (request: Request) => request.headers.get('x-digest')],
  ['nothing', () => undefined],
  ['an empty text', () => ''],
])(
  'an option fingerprint that gives %s is refused, for it would be the same for all',
  async (_, fingerprint) => {
    const runs = openRuns({ fingerprint: fingerprint as never });
    const answer = serve(runs, ask({ key: KEY, body: '{"pay":"Ann"}' }), () => new Response());
    await expect(answer).rejects.toMatchObject({ code: 'invalid_option' });
    await expect(answer).rejects.toThrow('JSON.stringify');
  },
);

test('a 202 is one also where reading a head takes its time', async () => {
  const slow = async (bytes: Uint8Array) => {
    await new Promise((resolve) => setTimeout(resolve, 30));
    return bytes;
  };
  const runs = openRuns({ codec: { seal: async (bytes) => bytes, open: slow } });
  const headers = { prefer: 'respond-async' };
  const answer = await serve(runs, ask({ key: KEY, headers }), () => eventStream(['data: 1\n\n']));
  const text = await answer.text();
  expect(answer.status === 202 || text.includes('data: 1')).toBe(true);
});
