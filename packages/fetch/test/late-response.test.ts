import { deflateSync, gzipSync } from 'node:zlib';
import { expect, test, vi } from 'vitest';
import { anyPrefixParses, readHeldJson } from '../../node/test/held/support/payload.js';
import { type FetchHoldOpenOptions, holdOpen, type LateOutcome } from '../src/index.js';
import { ask, held, Pieces, QUICK, quiet, receive } from './support/call.js';

/** What is received of a handler that answers late. */
async function late(
  answer: (request: Request) => unknown,
  options: FetchHoldOpenOptions = {},
  init: RequestInit = {},
) {
  const outcomes: LateOutcome[] = [];
  const handler = holdOpen(
    async (request) => {
      await held(request);
      return (await answer(request)) as Response;
    },
    { ...QUICK, onLateOutcome: (outcome) => void outcomes.push(outcome), ...options },
  );
  const response = await handler(ask('/late', init));
  return { ...(await receive(response)), outcomes };
}

test('another status and listed headers stand in the late head', async () => {
  const headers = { Location: '/7', 'X-Other': '1', 'RateLimit-Limit': '3' };
  const { text, outcomes } = await late(() => Response.json({ id: 7 }, { status: 201, headers }));
  expect(readHeldJson(text)).toMatchObject({
    lateHead: {
      status: 201,
      headers: [
        ['location', '/7'],
        ['ratelimit-limit', '3'],
      ],
    },
    payload: '{"id":7}',
  });
  expect(outcomes).toMatchObject([{ ok: true, status: 201 }]);
});

test('a guarded PATCH stays guarded after the commit, and its 412 is told late', async () => {
  let writes = 0;
  const answer = ({ headers }: Request): Response => {
    if (headers.get('if-match') === '"theirs"') {
      return Response.json({ title: 'Changed meanwhile' }, { status: 412 });
    }
    writes += 1;
    return Response.json({ ok: true });
  };
  const init = { method: 'PATCH', headers: { 'If-Match': '"theirs"' } };
  const { outcomes } = await late(answer, { lateError: 'body' }, init);
  expect(outcomes).toMatchObject([{ status: 412 }]);
  expect(writes).toBe(0);
});

test('a header that the held head had is not said again', async () => {
  const headers = { Link: '</a>', 'Retry-After': '5' };
  const { text } = await late(() => Response.json(1, { headers }), {
    headers: () => ({ Link: '</a>' }),
  });
  expect(readHeldJson(text).lateHead?.headers).toEqual([['retry-after', '5']]);
});

test('a page of another origin gets only what is exposed to it', async () => {
  const cors = {
    'Access-Control-Allow-Origin': '*',
    'Access-Control-Expose-Headers': 'Location',
  };
  const { text } = await late(
    () => Response.json(1, { headers: { ...cors, Location: '/7', Link: '</a>' } }),
    { headers: () => ({ 'Access-Control-Allow-Origin': '*' }) },
    { headers: { Origin: 'https://app.example' } },
  );
  expect(readHeldJson(text).lateHead?.headers).toEqual([['location', '/7']]);
});

test('a wildcard exposes nothing to a page that sends credentials', async () => {
  const cors = {
    'Access-Control-Allow-Origin': 'https://app.example',
    'Access-Control-Expose-Headers': '*',
  };
  const answer = (more: Record<string, string>) =>
    late(
      () => Response.json(1, { headers: { ...cors, ...more, Location: '/7' } }),
      { headers: () => ({ 'Access-Control-Allow-Origin': 'https://app.example' }) },
      { headers: { Origin: 'https://app.example' } },
    );
  const withoutCredentials = await answer({});
  expect(readHeldJson(withoutCredentials.text).lateHead?.headers).toEqual([['location', '/7']]);
  const withCredentials = await answer({ 'Access-Control-Allow-Credentials': 'true' });
  expect(readHeldJson(withCredentials.text).lateHead?.headers ?? []).toEqual([]);
});

test('CORS headers that come too late are warned of once', async () => {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const answer = () => Response.json(1, { headers: { 'Access-Control-Allow-Origin': '*' } });
  const init = { headers: { Origin: 'https://app.example' } };
  await late(answer, {}, init);
  await late(answer, {}, init);
  const codes = warn.mock.calls.map(([, options]) => (options as { code?: string }).code);
  expect(codes).toEqual(['HOLDOPEN_CORS']);
  warn.mockRestore();
});

test('a late 204 is null behind its late head', async () => {
  const { text } = await late(() => new Response(null, { status: 204 }));
  expect(readHeldJson(text)).toMatchObject({ lateHead: { status: 204 }, payload: 'null' });
});

test('a late error is its own object without the last brace, and a cut', async () => {
  const { text, error, outcomes } = await late(() =>
    Response.json({ why: 'late' }, { status: 422 }),
  );
  const { lateHead, payload } = readHeldJson(text);
  expect(lateHead?.status).toBe(422);
  expect(payload).toBe('{"why":"late"');
  expect(anyPrefixParses(text)).toBe(false);
  expect(error).toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
  expect(outcomes).toMatchObject([{ ok: false, status: 422, code: 'error_status' }]);
});

test("with lateError: 'body' it is whole, and the end is clean", async () => {
  const { text, error } = await late(() => Response.json({ why: 'late' }, { status: 422 }), {
    lateError: 'body',
  });
  expect(readHeldJson(text)).toMatchObject({
    lateHead: { status: 422 },
    payload: '{"why":"late"}',
  });
  expect(error).toBeUndefined();
});

test('a function makes what is sent of a late error, and gets the request', async () => {
  const { text, error } = await late(() => Promise.reject(new Error('secret')), {
    lateError: (outcome, request) => ({ error: outcome.status, url: request.url }),
  });
  expect(JSON.parse(text)).toEqual({ error: 500, url: 'http://localhost/late' });
  expect(error).toBeUndefined();
});

test('what is thrown after the head had been sent is a cut 500 that does not show it', async () => {
  const { text, error, outcomes } = await late(() =>
    Promise.reject(Object.assign(new Error('secret'), { status: 503 })),
  );
  expect(JSON.parse(`${readHeldJson(text).payload}}`)).toMatchObject({
    completion_status: 503,
    code: 'handler_error',
  });
  expect(text).not.toContain('secret');
  expect(error).toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
  expect(outcomes).toMatchObject([{ status: 503, error: { message: 'secret' } }]);
});

test('without onLateOutcome a late error goes to the console, once', async () => {
  const errors = vi.spyOn(console, 'error').mockImplementation(() => {});
  await late(() => Promise.reject(new Error('seen')), { onLateOutcome: undefined });
  expect(errors).toHaveBeenCalledTimes(1);
  expect(errors.mock.calls[0]?.[1]).toMatchObject({ message: 'seen' });
  errors.mockRestore();
});

test.each([
  ['undefined', undefined, /no Response but with undefined/],
  ['null', null, /no Response but with null/],
  ['an object', { a: 1 }, /no Response but with object/],
  ['an error response', Response.error(), /status 0/],
])('%s in place of a Response is a late failure that says so', async (_what, given, message) => {
  const { text, outcomes } = await late(() => given);
  expect(anyPrefixParses(text)).toBe(false);
  expect(outcomes).toMatchObject([{ ok: false, status: 500 }]);
  expect(String((outcomes[0] as { error?: unknown }).error)).toMatch(message);
});

test('a Response that was read already is a late failure that says so', async () => {
  const { text, outcomes } = await late(async () => {
    const response = Response.json(1);
    await response.text();
    return response;
  });
  expect(anyPrefixParses(text)).toBe(false);
  expect(String((outcomes[0] as { error?: unknown }).error)).toMatch(/been read already/);
});

test('so is one that somebody else is reading', async () => {
  const { outcomes } = await late(() => {
    const response = Response.json(1);
    response.body?.getReader();
    return response;
  });
  expect(String((outcomes[0] as { error?: unknown }).error)).toMatch(/is being read/);
});

test('HTML behind a JSON head is a failure, never spliced in', async () => {
  const { text, outcomes } = await late(
    () => new Response('<p>oops', { headers: { 'Content-Type': 'text/html' } }),
  );
  expect(text).not.toContain('oops');
  expect(anyPrefixParses(text)).toBe(false);
  expect(outcomes).toMatchObject([{ status: 500, code: 'wrong_type' }]);
});

test('a late redirect cannot be followed', async () => {
  const { text, outcomes } = await late(() => Response.redirect('http://localhost/b', 303));
  expect(readHeldJson(text).lateHead).toMatchObject({ status: 303 });
  expect(anyPrefixParses(text)).toBe(false);
  expect(outcomes).toMatchObject([{ ok: false, code: 'late_redirect' }]);
});

test('a late event stream is passed on behind a JSON head', async () => {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const { text } = await late(
    () => new Response('data: 1\n\n', { headers: { 'Content-Type': 'text/event-stream' } }),
  );
  expect(text).toMatch(/^\n+data: 1\n\n$/);
  warn.mockRestore();
});

test('who accepts events gets a JSON answer of any status as one', async () => {
  const { text, error } = await late(
    () => Response.json({ why: 'late' }, { status: 422 }),
    {},
    { headers: { Accept: 'application/json, text/event-stream' } },
  );
  expect(text).toMatch(/^(: keepalive\n\n)+: holdopen status=422\n\ndata: \{"why":"late"\}\n\n$/);
  expect(error).toBeUndefined();
});

test.each([
  ['gzip', 'gzip'],
  ['x-gzip', 'gzip'],
  ['deflate', 'deflate'],
])('%s is undone, for the head did not name it', async (coding, format) => {
  const encoded = new Response('{"a":"ü"}').body?.pipeThrough(
    new CompressionStream(format as 'gzip') as never,
  ) as ReadableStream;
  const { text } = await late(
    () =>
      new Response(encoded, {
        headers: { 'Content-Type': 'application/json', 'Content-Encoding': coding },
      }),
  );
  expect(readHeldJson(text).payload).toBe('{"a":"ü"}');
});

/** Two bytes of a deflate stream of these levels are letters. */
const LETTERS = [1, 3, 5, 6, 9].map((level) => deflateSync('{"a":"ü"}', { level }));

test.each([
  ...[gzipSync('{"a":"ü"}'), ...LETTERS].flatMap((bytes, index) => [
    { index, at: 0, bytes },
    { index, at: 1, bytes },
    { index, at: 2, bytes },
  ]),
])(
  'a coding is undone that comes in pieces, $index after $at bytes',
  async ({ index, at, bytes }) => {
    const headers = {
      'Content-Type': 'application/json',
      'Content-Encoding': index === 0 ? 'gzip' : 'deflate',
    };
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(Uint8Array.from(bytes.subarray(0, at)));
        controller.enqueue(Uint8Array.from(bytes.subarray(at)));
        controller.close();
      },
    });
    const { text } = await late(() => new Response(body, { headers }));
    expect(readHeldJson(text).payload).toBe('{"a":"ü"}');
  },
);

test.each([
  ['zstd', 'x'],
  ['gzip', Uint8Array.of(1, 2, 3)],
  ['gzip', gzipSync('{"a":1}').subarray(0, 12)],
])('%s that cannot be undone is a late failure', async (coding, body) => {
  const { text, outcomes } = await late(
    () =>
      new Response(body as string, {
        headers: { 'Content-Type': 'application/json', 'Content-Encoding': coding },
      }),
  );
  expect(anyPrefixParses(text)).toBe(false);
  expect(outcomes).toMatchObject([{ code: 'undecodable' }]);
});

test('a body that was decoded already and kept its header passes', async () => {
  const { text, outcomes } = await late(
    () =>
      new Response('{"a":"ü"}', {
        headers: { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' },
      }),
  );
  expect(readHeldJson(text).payload).toBe('{"a":"ü"}');
  expect(outcomes).toEqual([]);
});

test('an encoded body that fails by itself is the failure that it is', async () => {
  const pieces = new Pieces();
  const { outcomes } = await late(() => {
    queueMicrotask(() => pieces.fail(new Error('source')));
    return new Response(pieces.body, { headers: { 'Content-Encoding': 'gzip' } });
  });
  expect(outcomes).toMatchObject([{ code: 'handler_error', error: { message: 'source' } }]);
});

test('what fetch has decoded is not decoded again', async () => {
  const fetched = Response.json({ a: 1 }, { headers: { 'Content-Encoding': 'gzip' } });
  Object.defineProperty(fetched, 'url', { value: 'http://localhost/' });
  const { text } = await late(() => fetched);
  expect(readHeldJson(text).payload).toBe('{"a":1}');
});

test('a document in pieces has beats between them, and stays back until it is whole', async () => {
  const pieces = new Pieces();
  const response = await holdOpen(async (request) => {
    await held(request);
    return new Response(pieces.body, { headers: { 'Content-Type': 'application/json' } });
  }, QUICK)(ask());
  const received = receive(response);
  for (const piece of ['["one', '",', '2', ',3', ']']) {
    pieces.give(piece);
    await quiet(150);
  }
  pieces.end();
  const { text, error } = await received;
  expect(error).toBeUndefined();
  expect(JSON.parse(text)).toEqual(['one', 2, 3]);
  expect(text).toMatch(/",\n+2/);
});

test('a document that fails on its way is cut and never parses', async () => {
  const pieces = new Pieces();
  const { text, error, outcomes } = await late(() => {
    pieces.give('{"a":1}');
    setTimeout(() => pieces.fail(new Error('midway')), 50);
    return new Response(pieces.body, { headers: { 'Content-Type': 'application/json' } });
  });
  expect(anyPrefixParses(text)).toBe(false);
  expect(text).toMatch(/^\n+\{"a":1$/);
  expect(error).toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
  expect(outcomes).toMatchObject([{ code: 'handler_error', error: { message: 'midway' } }]);
});

test.each([[null], [1], [{}]])('a chunk that is no bytes fails: %j', async (chunk) => {
  const { text, outcomes } = await late(
    () =>
      new Response(
        new ReadableStream({
          start(controller) {
            controller.enqueue(chunk as never);
          },
        }),
        { headers: { 'Content-Type': 'application/json' } },
      ),
  );
  expect(anyPrefixParses(text)).toBe(false);
  expect(String((outcomes[0] as { error?: unknown }).error)).toMatch(/no Uint8Array/);
});

test('the last text is read before the cut, however slowly', async () => {
  const handler = holdOpen(async (request) => {
    await held(request);
    return Response.json({ why: 'late' }, { status: 422 });
  }, QUICK);
  const response = await handler(ask());
  await quiet(200);
  const reader = response.body?.getReader();
  let text = '';
  const read = async (): Promise<void> => {
    const result = await reader?.read();
    if (result?.value !== undefined) text += new TextDecoder().decode(result.value);
  };
  // The beat, then the failure; nobody has asked for more, so it is still there.
  await read();
  await quiet(200);
  await read();
  expect(readHeldJson(text).payload).toBe('{"why":"late"');
  await expect(read()).rejects.toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
});
