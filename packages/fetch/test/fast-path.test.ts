import { expect, test, vi } from 'vitest';
import { getHold, holdOpen, registry } from '../src/index.js';
import { ask, QUICK, quiet } from './support/call.js';

const html = () => new Response('<p>', { headers: { 'Content-Type': 'text/html' } });

test.each([
  ['text', () => new Response('x')],
  ['JSON', () => Response.json({ a: 1 })],
  ['no body', () => new Response(null, { status: 204 })],
  ['a redirect', () => Response.redirect('http://localhost/b', 307)],
  ['an error', () => Response.error()],
  ['HTML', html],
  [
    'a JSON stream',
    () => new Response(new ReadableStream(), { headers: { 'Content-Type': 'application/json' } }),
  ],
  [
    'an NDJSON stream that nobody asked for',
    () =>
      new Response(new ReadableStream(), { headers: { 'Content-Type': 'application/x-ndjson' } }),
  ],
])('%s that is ready goes out as the very same object', async (_what, make) => {
  const response = make();
  expect(holdOpen(() => response)(ask())).toBe(response);
  expect(await holdOpen(async () => response)(ask())).toBe(response);
  expect(response.bodyUsed).toBe(false);
  expect(response.body?.locked ?? false).toBe(false);
});

test('nothing of a ready response but its type is looked at', () => {
  const looked: (string | symbol)[] = [];
  const response = new Proxy(html(), {
    get(target, name) {
      looked.push(name);
      return Reflect.get(target, name, target) as unknown;
    },
  });
  expect(holdOpen(() => response)(ask())).toBe(response);
  expect(looked).not.toContain('body');
  expect(looked).not.toContain('clone');
});

test('a handler that gives its answer at once gives it at once when it is held, too', () => {
  const result: Response = holdOpen(() => html())(ask());
  expect(result).toBeInstanceOf(Response);
});

test('this, all arguments and what is no Response pass through', async () => {
  const seen: unknown[] = [];
  const app = {
    fetch: holdOpen(function (this: unknown, _request: Request, ...rest: unknown[]) {
      seen.push(this, ...rest);
      return undefined;
    }),
  };
  const env = { a: 1 };
  expect(app.fetch(ask(), env, 'context')).toBeUndefined();
  expect(seen).toEqual([app, env, 'context']);
});

test('what is thrown or rejected before the first beat passes through', async () => {
  const error = new Error('early');
  const throws = holdOpen(() => {
    throw error;
  });
  expect(() => throws(ask())).toThrow(error);
  const rejects = holdOpen(async (): Promise<Response> => {
    throw error;
  });
  await expect(rejects(ask())).rejects.toBe(error);
});

test('thenables that are no promises are awaited', async () => {
  const response = html();
  const handler = holdOpen(
    // biome-ignore lint/suspicious/noThenProperty: what a thenable is
    () => ({ then: (take: (answer: Response) => void) => take(response) }) as Promise<Response>,
  );
  expect(await handler(ask())).toBe(response);
});

test('an event of SvelteKit brings the request with it', async () => {
  const request = ask();
  const handler = holdOpen(async (event: { request: Request; params: object }) => {
    expect(getHold(event)).toBe(getHold(request));
    expect(getHold(event).state).toBe('waiting');
    return html();
  });
  await handler({ request, params: {} });
  expect(getHold(request).state).toBe('complete');
});

test('a call without a request goes its way, with one warning', async () => {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const handler = holdOpen(() => html()) as unknown as (...args: unknown[]) => Response;
  expect(handler().status).toBe(200);
  expect(handler({ url: '/', method: 'GET', headers: {} }).status).toBe(200);
  expect(warn).toHaveBeenCalledTimes(1);
  expect(String(warn.mock.calls[0]?.[0])).toContain('@holdopen/node');
  warn.mockRestore();
});

test('the number of arguments is said as before, for Deno looks at it, and is never none', () => {
  expect(holdOpen((_request: Request, _info: unknown) => html())).toHaveLength(2);
  expect(holdOpen(() => html())).toHaveLength(1);
});

test('no hold is left of quick answers, and no beat comes', async () => {
  const { holds } = registry.counters;
  const handler = holdOpen(async () => Response.json({}), { ...QUICK, intervalMs: 50 });
  const responses = await Promise.all(Array.from({ length: 50 }, () => handler(ask())));
  await quiet(120);
  expect(registry.counters.holds).toBe(holds);
  for (const response of responses) expect(await response.text()).toBe('{}');
});
