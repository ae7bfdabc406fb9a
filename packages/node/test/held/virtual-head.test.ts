import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { ask, type Reply } from './support/ask.js';
import { readHeldJson } from './support/payload.js';
import { serve, serveHeld, type Transport } from './support/serve.js';
import { held } from './support/wait.js';

/** Runs in the handler after the commit, and gives what the handler saw. */
async function whileHeld<Seen>(
  look: (res: ServerResponse, req: IncomingMessage) => Seen | Promise<Seen>,
  transport: Transport = 'HTTP/1.1',
  before: (res: ServerResponse) => void = () => {},
): Promise<{ seen: Seen; reply: Reply }> {
  let seen: Seen[] = [];
  const served = await serveHeld(
    async (req, res) => {
      before(res);
      await held(req);
      seen = [await look(res, req)];
      if (!res.writableEnded) res.end('{}');
    },
    {},
    transport,
  );
  const reply = await ask(served);
  const [first] = seen;
  if (first === undefined) throw new Error(`nothing was seen: ${reply.body}`);
  return { seen: first, reply };
}

/** What a call throws, as far as a program looks at it. */
function thrownBy(call: () => unknown): { code: unknown; name: unknown } | undefined {
  try {
    call();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { name: error.name, code: Reflect.get(error, 'code') };
  }
  return undefined;
}

describe.each(['HTTP/1.1', 'h2c'] as const)('over %s', (transport) => {
  test('no head has been sent, as far as the handler can see', async () => {
    const { seen } = await whileHeld(
      (res) => ({
        sent: res.headersSent,
        ended: res.writableEnded,
        status: res.statusCode,
        type: res.getHeader('content-type'),
        holdOpen: res.getHeader('holdopen'),
        names: res.getHeaderNames(),
      }),
      transport,
    );
    expect(seen).toEqual({
      sent: false,
      ended: false,
      status: 200,
      type: undefined,
      holdOpen: undefined,
      names: [],
    });
  });

  test('headers are set, read, listed and removed as ever', async () => {
    const { seen } = await whileHeld(
      (res) => {
        const before = { ...res.getHeaders() };
        res.setHeader('X-B', ['1', '2']);
        res.appendHeader('X-B', '3');
        res.setHeader('Content-Length', 2);
        res.removeHeader('X-Early');
        return {
          before,
          after: { ...res.getHeaders() },
          names: res.getHeaderNames().sort(),
          b: res.getHeader('x-b'),
          hasEarly: res.hasHeader('x-early'),
          hasCache: res.hasHeader('Cache-Control'),
        };
      },
      transport,
      (res) => {
        res.setHeader('X-Early', 'e');
        res.setHeader('Cache-Control', 'public');
        res.setHeader('ETag', '"v"');
      },
    );
    expect(seen).toEqual({
      before: { 'x-early': 'e', 'cache-control': 'public', etag: '"v"' },
      after: {
        'cache-control': 'public',
        etag: '"v"',
        'x-b': ['1', '2', '3'],
        'content-length': 2,
      },
      names: ['cache-control', 'content-length', 'etag', 'x-b'],
      b: ['1', '2', '3'],
      hasEarly: false,
      hasCache: true,
    });
  });

  test('setHeader and writeHead give the response itself', async () => {
    const { seen } = await whileHeld((res) => {
      const set: unknown = res.setHeader('x-a', '1');
      const written: unknown = res.writeHead(200);
      return [set === undefined || set === res, written === res];
    }, transport);
    expect(seen).toEqual([true, true]);
  });

  test('after writeHead the head counts as sent, and errors are Node’s own', async () => {
    const { seen, reply } = await whileHeld((res) => {
      res.writeHead(201, { 'X-A': '1' });
      return {
        sent: res.headersSent,
        status: res.statusCode,
        set: thrownBy(() => res.setHeader('x-b', '1')),
        removed: thrownBy(() => res.removeHeader('x-a')),
      };
    }, transport);
    expect(seen).toEqual({
      sent: true,
      status: 201,
      set: { name: 'Error', code: expect.stringMatching(/HEADERS_SENT$/) },
      removed: { name: 'Error', code: expect.stringMatching(/HEADERS_SENT$/) },
    });
    expect(readHeldJson(reply.body).lateHead?.status).toBe(201);
  });

  test('flushHeaders makes the head final and sends nothing', async () => {
    const { seen, reply } = await whileHeld((res) => {
      res.statusCode = 202;
      res.flushHeaders();
      return { sent: res.headersSent, again: res.flushHeaders() };
    }, transport);
    expect(seen.sent).toBe(true);
    expect(reply.body.match(/HTTP\//)).toBeNull();
    expect(readHeldJson(reply.body)).toMatchObject({ lateHead: { status: 202 }, payload: '{}' });
  });

  test('bad headers and statuses are refused where they are given', async () => {
    const { seen } = await whileHeld(
      (res) => [
        thrownBy(() => res.setHeader('bad name', '1'))?.code,
        thrownBy(() => res.setHeader('x-a', 'a\r\nb'))?.code,
        thrownBy(() => res.writeHead(99))?.code,
      ],
      transport,
    );
    expect(seen.slice(0, 2)).toEqual(['ERR_INVALID_HTTP_TOKEN', 'ERR_INVALID_CHAR']);
    expect(seen[2]).toMatch(/INVALID|INFO_STATUS/);
  });
});

describe('writeHead takes every form that Node takes', () => {
  const forms: [string, (res: ServerResponse) => unknown][] = [
    ['an object', (res) => res.writeHead(201, { Location: '/a', 'Retry-After': 1 })],
    [
      'a reason and an object',
      (res) => res.writeHead(201, 'Made', { Location: '/a', 'Retry-After': 1 }),
    ],
    ['a flat array', (res) => res.writeHead(201, ['Location', '/a', 'Retry-After', '1'])],
    [
      'an array of pairs',
      (res) =>
        res.writeHead(201, [
          ['Location', '/a'],
          ['Retry-After', '1'],
        ] as unknown as string[]),
    ],
    [
      'an undefined reason',
      (res) => res.writeHead(201, undefined, { Location: '/a', 'Retry-After': '1' }),
    ],
    [
      'headers set before',
      (res) => {
        res.setHeader('Location', '/b');
        res.setHeader('Retry-After', '1');
        return res.writeHead(201, { location: '/a' });
      },
    ],
  ];
  test.each(forms)('%s', async (_form, write) => {
    const { seen, reply } = await whileHeld((res) => {
      write(res);
      return res.statusMessage;
    });
    expect(['Created', 'Made']).toContain(seen);
    const { lateHead } = readHeldJson(reply.body);
    expect(lateHead?.status).toBe(201);
    expect(Object.fromEntries(lateHead?.headers ?? [])).toEqual({
      location: '/a',
      'retry-after': '1',
    });
  });

  test('a second writeHead is refused', async () => {
    const { seen } = await whileHeld((res) => {
      res.writeHead(200);
      return thrownBy(() => res.writeHead(500))?.code;
    });
    expect(seen).toBe('ERR_HTTP_HEADERS_SENT');
  });

  test('an array of odd length is refused', async () => {
    const { seen } = await whileHeld((res) => thrownBy(() => res.writeHead(200, ['x-a']))?.code);
    expect(seen).toBe('ERR_INVALID_ARG_VALUE');
  });
});

test('the errors are the same as without holdopen', async () => {
  const collect = (res: ServerResponse): unknown[] => [
    thrownBy(() => res.setHeader('', '1')),
    thrownBy(() => res.setHeader('x-a', undefined as unknown as string)),
    thrownBy(() => res.appendHeader('x y', '1')),
    thrownBy(() => res.getHeader(1 as unknown as string)),
    thrownBy(() => res.removeHeader(undefined as unknown as string)),
    thrownBy(() => res.writeHead(1000)),
    thrownBy(() => res.writeHead('abc' as unknown as number)),
    thrownBy(() => res.write(null as unknown as string)),
    thrownBy(() => res.write(7 as unknown as string)),
    thrownBy(() => res.write({} as unknown as string)),
    thrownBy(() => res.end(7 as unknown as string)),
    thrownBy(() => res.end([] as unknown as string)),
  ];
  const { seen } = await whileHeld(collect);
  let bare: unknown[] = [];
  const served = await serve((_req, res) => {
    bare = collect(res);
    res.end('{}');
  });
  await ask(served);
  expect(seen).toEqual(bare);
  expect(bare.every((error) => error !== undefined)).toBe(true);
});

test('setHeaders takes a Map and Headers', async () => {
  const { seen } = await whileHeld((res) => {
    res.setHeaders(new Map([['X-A', '1']]));
    res.setHeaders(new Headers({ 'X-B': '2' }));
    return [res.getHeader('x-a'), res.getHeader('x-b')];
  });
  expect(seen).toEqual(['1', '2']);
});

test('the status can be set by hand and is seen at finish and close', async () => {
  const events: unknown[] = [];
  const { seen } = await whileHeld(async (res) => {
    res.on('finish', () => events.push(['finish', res.statusCode, res.headersSent]));
    res.on('close', () => events.push(['close', res.statusCode]));
    res.statusCode = 422;
    res.statusMessage = 'Nope';
    await new Promise<void>((resolve) => {
      res.end('{"a":1}', () => {
        events.push(['callback', res.writableEnded]);
        resolve();
      });
    });
    return [res.statusCode, res.statusMessage];
  });
  expect(seen).toEqual([422, 'Nope']);
  expect(events.slice(0, 2)).toContainEqual(['finish', 422, true]);
  expect(events).toContainEqual(['callback', true]);
});
