import { describe, expect, test } from 'vitest';
import { registry } from '../../src/index.js';
import { ask } from './support/ask.js';
import { readHeldJson } from './support/payload.js';
import { type Handler, serveHeld } from './support/serve.js';
import { held, quiet, until } from './support/wait.js';
import { warnings } from './support/warnings.js';

function late(headers: Record<string, string | string[]>): Handler {
  return async (req, res) => {
    await held(req);
    for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
    res.end('{}');
  };
}

test('every header of the list travels in the late head', async () => {
  const headers = {
    Location: '/a',
    'Content-Location': '/b',
    'Retry-After': '9',
    Link: '</c>; rel=next',
    'WWW-Authenticate': 'Bearer',
    'RateLimit-Limit': '10',
    'RateLimit-Reset': '4',
  };
  const served = await serveHeld(late(headers));
  const { lateHead } = readHeldJson((await ask(served)).body);
  expect(lateHead?.status).toBe(200);
  expect(lateHead?.headers).toEqual(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
});

test('several values of one header all travel', async () => {
  const served = await serveHeld(late({ Link: ['</a>; rel=prev', '</b>; rel=next'] }));
  const { lateHead } = readHeldJson((await ask(served)).body);
  expect(lateHead?.headers).toEqual([
    ['link', '</a>; rel=prev'],
    ['link', '</b>; rel=next'],
  ]);
});

test('a header that is not on the list stays behind and is counted', async () => {
  const before = registry.counters.lateHeadersDropped;
  const served = await serveHeld(late({ 'X-Secret': 'internal', 'X-Powered-By': 'me' }));
  const reply = await ask(served);
  expect(readHeldJson(reply.body).lateHead).toBeUndefined();
  expect(registry.counters.lateHeadersDropped).toBe(before + 1);
});

test('the option lateHeaders adds to the list', async () => {
  const served = await serveHeld(late({ 'X-Request-Id': 'r-9', 'X-Other': '1' }), {
    lateHeaders: ['X-Request-ID'],
  });
  const { lateHead } = readHeldJson((await ask(served)).body);
  expect(lateHead).toEqual({ status: 200, headers: [['x-request-id', 'r-9']] });
});

test('a header that left with the held head does not come a second time', async () => {
  const served = await serveHeld(async (req, res) => {
    res.setHeader('Link', '</style.css>; rel=preload');
    res.setHeader('Retry-After', '1');
    await held(req);
    res.setHeader('Retry-After', '2');
    res.end('{}');
  });
  const reply = await ask(served);
  expect(reply.headers).toMatchObject({ link: '</style.css>; rel=preload', 'retry-after': '1' });
  expect(readHeldJson(reply.body).lateHead?.headers).toEqual([['retry-after', '2']]);
});

test('a cookie after the commit is dropped and warned of once for the route', async () => {
  const warned = warnings('HOLDOPEN_COOKIE_DROPPED');
  const served = await serveHeld(late({ 'Set-Cookie': ['a=1', 'b=2'] }));
  for (let i = 0; i < 2; i++) {
    const reply = await ask(served, { path: '/cookies' });
    expect(readHeldJson(reply.body).lateHead).toBeUndefined();
    expect(reply.head.toLowerCase()).not.toContain('set-cookie');
  }
  await ask(served, { path: '/more-cookies' });
  expect(warned.map(({ message }) => message)).toEqual([
    expect.stringContaining('GET /cookies'),
    expect.stringContaining('GET /more-cookies'),
  ]);
});

describe('a late head holds 256 bytes', () => {
  // "200" + "\n" + "location: " leaves 242.
  test.each([
    ['fits to the last byte', 242, true],
    ['does not fit by one', 243, false],
  ])('a header that %s', async (_what, length, fits) => {
    const before = registry.counters.lateHeadersDropped;
    const served = await serveHeld(late({ Location: 'x'.repeat(length) }));
    const { lateHead } = readHeldJson((await ask(served)).body);
    expect(lateHead?.headers[0]?.[1].length).toBe(fits ? length : undefined);
    expect(registry.counters.lateHeadersDropped - before).toBe(fits ? 0 : 1);
  });

  test('what comes behind a header that is too long still travels', async () => {
    const served = await serveHeld(late({ Location: 'x'.repeat(400), 'Retry-After': '1' }));
    const { lateHead } = readHeldJson((await ask(served)).body);
    expect(lateHead?.headers).toEqual([['retry-after', '1']]);
  });
});

describe('for a page of another origin', () => {
  const foreign = { Origin: 'https://app.example' };
  function crossOrigin(exposed: string | undefined): Handler {
    return async (req, res) => {
      res.setHeader('Access-Control-Allow-Origin', '*');
      if (exposed !== undefined) res.setHeader('Access-Control-Expose-Headers', exposed);
      await held(req);
      res.writeHead(201, { Location: '/7', 'Retry-After': '3' });
      res.end('{}');
    };
  }

  test('only headers that it may read stand in the late head', async () => {
    const served = await serveHeld(crossOrigin('Location, X-A'));
    const reply = await ask(served, { headers: foreign });
    expect(readHeldJson(reply.body).lateHead).toEqual({
      status: 201,
      headers: [['location', '/7']],
    });
  });

  test('nothing but the status does, where nothing is exposed', async () => {
    const served = await serveHeld(crossOrigin(undefined));
    const reply = await ask(served, { headers: foreign });
    expect(readHeldJson(reply.body).lateHead).toEqual({ status: 201, headers: [] });
  });

  test('all do for its own', async () => {
    const served = await serveHeld(crossOrigin(undefined));
    const reply = await ask(served, { headers: { Origin: 'http://localhost' } });
    expect(readHeldJson(reply.body).lateHead?.headers).toHaveLength(2);
  });
});

test('a cookie that is pushed into the list of an earlier one is told of, too', async () => {
  const warned = warnings('HOLDOPEN_COOKIE_DROPPED');
  const served = await serveHeld(async (req, res) => {
    res.setHeader('Set-Cookie', ['a=1']);
    await held(req);
    (res.getHeader('set-cookie') as string[]).push('b=2');
    res.end('{}');
  });
  const reply = await ask(served, { path: '/pushed' });
  expect(reply.headers['set-cookie']).toBe('a=1');
  await until('it was warned of', () => warned.length === 1);
});

test('a list that exposes all headers exposes none to a page with credentials', async () => {
  const served = await serveHeld(async (req, res) => {
    res.setHeader('Access-Control-Allow-Origin', 'http://page.example');
    res.setHeader('Access-Control-Allow-Credentials', 'true');
    res.setHeader('Access-Control-Expose-Headers', '*');
    await held(req);
    res.writeHead(201, { location: '/1', 'content-type': 'application/json' }).end('{}');
  });
  const reply = await ask(served, { headers: { Origin: 'http://page.example' } });
  expect(readHeldJson(reply.body).lateHead).toEqual({ status: 201, headers: [] });
});

describe('an answer that another holdopen has held already, as a gateway passes it on', () => {
  test.each([
    ['in time', 5],
    ['late', 250],
  ])('keeps its late head when it comes %s', async (_when, quietMs) => {
    const upstream = await serveHeld(
      async (req, res) => {
        await held(req);
        await quiet(quietMs);
        res.writeHead(422, { 'Content-Type': 'application/json', 'Retry-After': '5' });
        res.end('{"e":1}');
      },
      { lateError: 'body' },
    );
    const gateway = await serveHeld(async (_req, res) => {
      const response = await fetch(upstream.url);
      res.writeHead(response.status, Object.fromEntries(response.headers));
      for await (const chunk of response.body ?? []) res.write(chunk);
      res.end();
    });
    const reply = await ask(gateway);
    expect(readHeldJson(reply.body)).toMatchObject({
      payload: '{"e":1}',
      lateHead: { status: 422, headers: [['retry-after', '5']] },
    });
  });
});
