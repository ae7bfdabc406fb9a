/** What a caller sees of an answer that was held, behind the real adapters. */
import { describe, expect, test } from 'vitest';
import { holdFetch } from '../src/index.js';
import { afterBeats } from './support/gate.js';
import { adapters } from './support/servers.js';

describe.each(['node', 'fetch'] as const)('behind the adapter for %s', (name) => {
  const serve = adapters[name];

  /** A handler that answers when its response is held. */
  function slow(answer: () => Response) {
    const { gate, onBeat } = afterBeats(2);
    return serve(
      async () => {
        await gate.opened;
        return answer();
      },
      { onBeat },
    );
  }

  test('a fast answer is the very Response of fetch', async () => {
    const native: Response[] = [];
    await using server = await serve(() => Response.json({ a: 1 }, { status: 201 }));
    const response = await holdFetch(server.url, {
      holdOpen: {
        async fetch(input, init) {
          const response = await fetch(input, init);
          native.push(response);
          return response;
        },
      },
    });
    expect(response).toBe(native[0]);
    expect([response.status, await response.json()]).toEqual([201, { a: 1 }]);
  });

  test('a slow answer has its payload without beats', async () => {
    await using server = await slow(() => Response.json({ a: 'ü' }));
    const response = await holdFetch(server.url);
    expect(response).toBeInstanceOf(Response);
    expect([response.status, response.ok, response.url]).toEqual([200, true, server.url]);
    expect(response.headers.get('holdopen')).toBe(null);
    expect(response.holdOpen).toMatchObject({ isHeld: true, attempts: 1, outcome: undefined });
    expect(await response.text()).toBe('{"a":"ü"}');
    expect(response.holdOpen?.outcome).toEqual({ ok: true, status: 200 });
  });

  test('an error has its true status, its late headers and its whole body', async () => {
    const problem = { message: 'no', fields: ['a'] };
    await using server = await slow(() =>
      Response.json(problem, { status: 422, headers: { Location: '/why', 'Retry-After': '7' } }),
    );
    const response = await holdFetch(server.url);
    expect([response.status, response.ok, response.type]).toEqual([422, false, 'basic']);
    expect(response.headers.get('location')).toBe('/why');
    expect(response.headers.get('retry-after')).toBe('7');
    expect(await response.json()).toEqual(problem);
    expect(response.holdOpen?.outcome).toEqual({ ok: false, status: 422 });
  });

  test('an error with the policy "body" reads the same', async () => {
    const { gate, onBeat } = afterBeats(1);
    await using server = await serve(
      async () => {
        await gate.opened;
        return Response.json({ message: 'no' }, { status: 409 });
      },
      { onBeat, lateError: 'body' },
    );
    const response = await holdFetch(server.url);
    expect([response.status, await response.json()]).toEqual([409, { message: 'no' }]);
  });

  test('an error that is no JSON is a problem object with its status', async () => {
    await using server = await slow(() => new Response('no room', { status: 507 }));
    const response = await holdFetch(server.url, { method: 'POST', body: 'x' });
    expect(response.status).toBe(507);
    expect(await response.json()).toMatchObject({ completion_status: 507, body: 'no room' });
  });

  test.each([204, 205])('a late %i has no body', async (status) => {
    await using server = await slow(() => new Response(null, { status }));
    const response = await holdFetch(server.url);
    expect([response.status, response.body, await response.text()]).toEqual([status, null, '']);
    expect(response.holdOpen?.outcome).toEqual({ ok: true, status });
  });

  test('a clone says the same, and has a body of its own', async () => {
    await using server = await slow(() => Response.json([1], { status: 202 }));
    const response = await holdFetch(server.url);
    const clone = response.clone().clone();
    expect([clone.status, clone.ok, clone.url]).toEqual([202, true, server.url]);
    expect(await clone.json()).toEqual([1]);
    expect(await response.json()).toEqual([1]);
    expect(clone.holdOpen?.outcome).toEqual({ ok: true, status: 202 });
  });

  test('an event stream behind a JSON head is given when it begins', async () => {
    const { gate, onBeat } = afterBeats(1);
    await using server = await serve(
      async () => {
        await gate.opened;
        const events = ['data: a\n\n', 'data: b\n\n'];
        return new Response(events.join(''), {
          status: 201,
          headers: { 'Content-Type': 'text/event-stream' },
        });
      },
      { onBeat },
    );
    const response = await holdFetch(server.url);
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const text = await response.text();
    expect(text).toContain('data: a\n\ndata: b\n\n');
    expect(text).toMatch(/^[:d]/);
    expect(response.holdOpen?.outcome).toEqual({ ok: true, status: 201 });
  });

  test('a redirect on the way is known', async () => {
    const { gate, onBeat } = afterBeats(1);
    await using server = await serve(
      async (request) => {
        if (request.url.endsWith('/old'))
          return Response.redirect(new URL('/new', request.url), 302);
        await gate.opened;
        return Response.json(1);
      },
      { onBeat },
    );
    const response = await holdFetch(`${server.url}old`);
    expect([response.redirected, response.url]).toEqual([true, `${server.url}new`]);
    expect(await response.json()).toBe(1);
  });
});
