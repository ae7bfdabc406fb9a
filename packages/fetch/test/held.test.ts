import { describe, expect, test, vi } from 'vitest';
import { anyPrefixParses, readHeldJson } from '../../node/test/held/support/payload.js';
import { getHold, holdOpen, registry } from '../src/index.js';
import { ask, held, QUICK, receive, until } from './support/call.js';

test('a silent handler is held as JSON: head, beats, payload', async () => {
  const beats: number[] = [];
  const handler = holdOpen(
    async (request) => {
      await held(request);
      await until('a third beat has left', () => beats.length >= 3);
      return Response.json({ a: 'ü' }, { headers: { 'Cache-Control': 'max-age=60' } });
    },
    { ...QUICK, onBeat: (hold) => void beats.push(hold.beats) },
  );
  const response = await handler(ask());
  expect(response.status).toBe(200);
  expect(Object.fromEntries(response.headers)).toEqual({
    'content-type': 'application/json',
    'cache-control': 'no-store, no-transform',
    'x-accel-buffering': 'no',
    holdopen: 'interval=60, format=json',
  });
  const { text, error } = await receive(response);
  expect(error).toBeUndefined();
  const body = readHeldJson(text);
  expect(body.beats).toBeGreaterThanOrEqual(3);
  expect(body.lateHead).toBeUndefined();
  expect(body.payload).toBe('{"a":"ü"}');
});

test('the first beat is there at the first pull', async () => {
  const handler = holdOpen(() => new Promise<Response>(() => {}), QUICK);
  const response = await handler(ask());
  const reader = response.body?.getReader();
  const first = await reader?.read();
  expect(first?.value).toEqual(Uint8Array.of(10));
  await reader?.cancel();
});

test('the state of the handle tells how it goes', async () => {
  const seen: string[] = [];
  const request = ask();
  const handler = holdOpen(async () => {
    const hold = getHold(request);
    seen.push(hold.state);
    await held(request);
    seen.push(hold.state);
    return Response.json(hold.id);
  }, QUICK);
  const response = await handler(request);
  const { payload } = readHeldJson((await receive(response)).text);
  expect(seen).toEqual(['waiting', 'held']);
  expect(getHold(request).state).toBe('complete');
  expect(JSON.parse(payload)).toBe(getHold(request).id);
});

test.each(['HEAD', 'OPTIONS'])('%s is never held', async (method) => {
  const response = new Response();
  const { untouched } = registry.counters;
  const before = untouched.method ?? 0;
  const request = ask('/never', { method });
  const handler = holdOpen(async () => {
    await until('it passes', () => getHold(request).state === 'untouched');
    return response;
  }, QUICK);
  expect(await handler(request)).toBe(response);
  expect(untouched.method).toBe(before + 1);
});

test('a handshake is never held', async () => {
  const response = new Response();
  const request = ask('/never', { method: 'GET', headers: { Upgrade: 'websocket' } });
  const handler = holdOpen(async () => {
    await until('it passes', () => getHold(request).state === 'untouched');
    return response;
  }, QUICK);
  expect(await handler(request)).toBe(response);
});

test.each([
  ['text/html', undefined],
  ['application/json;q=0, */*', undefined],
  ['text/html, */*', 'json'],
  ['application/json, text/event-stream', 'sse'],
  ['text/event-stream', 'sse'],
])('Accept: %s is held as %s', async (accept, format) => {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const request = ask('/accept', { headers: { Accept: accept } });
  const handler = holdOpen(async () => {
    await until('it is decided', () => getHold(request).state !== 'waiting');
    return Response.json(1);
  }, QUICK);
  const response = await handler(request);
  const announced = format === undefined ? null : `interval=60, format=${format}`;
  expect(response.headers.get('holdopen')).toBe(announced);
  await receive(response);
  warn.mockRestore();
});

test('the format that is asked for is held whatever is accepted', async () => {
  const handler = holdOpen(
    async (request) => {
      await held(request);
      return Response.json([1]);
    },
    { ...QUICK, format: (request) => (request.url.endsWith('/records') ? 'ndjson' : 'auto') },
  );
  const response = await handler(ask('/records', { headers: { Accept: 'text/html' } }));
  expect(response.headers.get('content-type')).toBe('application/x-ndjson');
  expect((await receive(response)).text).toMatch(/^ +\[1\]\n$/);
});

test('beyond maxHolds an answer passes, with a warning', async () => {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const response = Response.json(1);
  const request = ask('/beyond');
  const handler = holdOpen(
    async () => {
      await until('it passes', () => getHold(request).state === 'untouched');
      return response;
    },
    { ...QUICK, maxHolds: 0 },
  );
  expect(await handler(request)).toBe(response);
  expect(warn).toHaveBeenCalledTimes(1);
  warn.mockRestore();
});

describe('the head of a held answer', () => {
  test('has what the option headers gives, but nothing of a body that is not known', async () => {
    const handler = holdOpen(
      async (request) => {
        await held(request);
        return Response.json(1);
      },
      {
        ...QUICK,
        headers: (request) => ({
          'Access-Control-Allow-Origin': request.headers.get('origin') ?? '*',
          'Content-Type': 'application/problem+json; charset=utf-8',
          'Content-Length': '7',
          ETag: '"1"',
          'Cache-Control': 'public',
        }),
      },
    );
    const response = await handler(ask('/', { headers: { Origin: 'https://app.example' } }));
    expect(Object.fromEntries(response.headers)).toEqual({
      'access-control-allow-origin': 'https://app.example',
      'access-control-expose-headers': 'HoldOpen',
      'content-type': 'application/problem+json; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
      holdopen: 'interval=60, format=json',
    });
    await receive(response);
  });

  test('with a type that carries no beats there is none', async () => {
    const response = new Response('<p>');
    const request = ask('/page');
    const handler = holdOpen(
      async () => {
        await until('it passes', () => getHold(request).state === 'untouched');
        return response;
      },
      { ...QUICK, headers: () => ({ 'Content-Type': 'text/html' }) },
    );
    expect(await handler(request)).toBe(response);
  });

  test.each([
    [{ Origin: 'http://localhost' }, null],
    [{}, null],
    [{ Origin: 'null' }, 'X-A, HoldOpen'],
  ])('for %j exposes %s', async (headers, exposed) => {
    const handler = holdOpen(
      async (request) => {
        await held(request);
        return Response.json(1);
      },
      {
        ...QUICK,
        headers: () =>
          exposed === null
            ? { 'Access-Control-Allow-Origin': '*' }
            : { 'Access-Control-Allow-Origin': '*', 'Access-Control-Expose-Headers': 'X-A' },
      },
    );
    const response = await handler(ask('/', { headers }));
    expect(response.headers.get('access-control-expose-headers')).toBe(exposed);
    await receive(response);
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('no headers');
      },
    ],
    ['gives a promise', () => Promise.reject(new Error('too late'))],
    ['gives nothing', () => undefined],
    ['gives what is no header', () => ({ 'a b': '1' })],
  ])('goes out without them if headers %s', async (_what, headers) => {
    const errors = vi.spyOn(console, 'error').mockImplementation(() => {});
    const handler = holdOpen(
      async (request) => {
        await held(request);
        return Response.json(1);
      },
      { ...QUICK, headers: headers as never },
    );
    const response = await handler(ask('/broken'));
    expect(readHeldJson((await receive(response)).text).payload).toBe('1');
    expect(response.headers.get('holdopen')).not.toBeNull();
    expect(errors).toHaveBeenCalledTimes(1);
    expect(errors.mock.calls[0]?.[0]).toContain('POST /broken: headers failed');
    errors.mockRestore();
  });
});

test('the request is no longer conditional', async () => {
  const conditions = { 'If-None-Match': '"1"', Range: 'bytes=0-1', 'Accept-Encoding': 'gzip' };
  const handler = holdOpen(async (request) => {
    expect(request.headers.get('if-none-match')).toBe('"1"');
    await held(request);
    return Response.json(Object.keys(conditions).map((name) => request.headers.get(name)));
  }, QUICK);
  const response = await handler(ask('/', { headers: conditions }));
  expect(readHeldJson((await receive(response)).text).payload).toBe('[null,null,"identity"]');
});

test('a request whose headers cannot be changed gets a copy that says less', async () => {
  const request = ask('/', { headers: { Range: 'bytes=0-1' } });
  Object.defineProperty(request.headers, 'delete', {
    value() {
      throw new TypeError('immutable');
    },
  });
  const handler = holdOpen(async () => {
    await held(request);
    return Response.json(request.headers.get('range'));
  }, QUICK);
  const { text } = await receive(await handler(request));
  expect(readHeldJson(text).payload).toBe('null');
});

test('silence is not covered for ever', async () => {
  const outcomes: unknown[] = [];
  const request = ask();
  const handler = holdOpen(() => new Promise<Response>(() => {}), {
    ...QUICK,
    maxSilenceMs: 150,
    onLateOutcome: (outcome) => void outcomes.push(outcome),
  });
  const { text, error } = await receive(await handler(request));
  expect(anyPrefixParses(text)).toBe(false);
  expect(JSON.parse(`${readHeldJson(text).payload}}`)).toMatchObject({ code: 'silence' });
  expect(error).toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
  expect(outcomes).toMatchObject([{ ok: false, status: 504 }]);
  expect(getHold(request).signal.reason).toMatchObject({ code: 'HOLDOPEN_SILENCE' });
});

test('touch is a sign of life', async () => {
  const handler = holdOpen(
    async (request) => {
      const start = performance.now();
      await until('it took longer than is allowed in silence', () => {
        getHold(request).touch();
        return performance.now() - start > 500;
      });
      return Response.json('done');
    },
    { ...QUICK, maxSilenceMs: 250 },
  );
  const { text } = await receive(await handler(ask()));
  expect(readHeldJson(text).payload).toBe('"done"');
});

test('a client that does not read is not taken for a silent handler', async () => {
  const events = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.enqueue(new TextEncoder().encode('data: x\n\n'));
    },
  });
  const handler = holdOpen(
    async () => new Response(events, { headers: { 'Content-Type': 'text/event-stream' } }),
    { ...QUICK, maxSilenceMs: 100 },
  );
  const { body } = await handler(ask('/', { method: 'POST' }));
  const reader = body?.getReader();
  await reader?.read();
  await new Promise((resolve) => setTimeout(resolve, 400));
  const texts: string[] = [];
  for (let i = 0; i < 20; i += 1) {
    const { value } = (await reader?.read()) ?? {};
    texts.push(new TextDecoder().decode(value));
  }
  await reader?.cancel();
  expect(texts.join('')).not.toContain('error');
});
