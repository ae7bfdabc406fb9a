import { expect, test } from 'vitest';
import { readHeldJson } from '../../node/test/held/support/payload.js';
import { getHold, holdOpen, registry } from '../src/index.js';
import { ask, events, held, Pieces, QUICK, quiet, receive, until } from './support/call.js';

const json = async (request: Request): Promise<Response> => {
  await held(request);
  return Response.json({ a: 1 });
};

test('mounted twice it is one hold, and the innermost options win', async () => {
  const { holds } = registry.counters;
  const inner = holdOpen(json, { firstBeatMs: 30, intervalMs: 70 });
  const outer = holdOpen(async (request: Request) => inner(request), { ...QUICK, intervalMs: 50 });
  const response = await outer(ask());
  expect(response.headers.get('holdopen')).toBe('interval=70, format=json');
  expect(readHeldJson((await receive(response)).text).payload).toBe('{"a":1}');
  expect(registry.counters.holds).toBe(holds + 1);
});

test('an inner mount may come when the first beat is long over', async () => {
  const inner = holdOpen(json, { ...QUICK, lateError: 'body' });
  const outer = holdOpen(async (request: Request) => {
    await held(request);
    return inner(request);
  }, QUICK);
  expect(readHeldJson((await receive(await outer(ask()))).text).payload).toBe('{"a":1}');
});

test('an inner mount may switch it off', async () => {
  const response = Response.json(1);
  const inner = holdOpen(
    async () => {
      await quiet(80);
      return response;
    },
    { intervalMs: false },
  );
  expect(await holdOpen((request: Request) => inner(request), QUICK)(ask())).toBe(response);
});

test('an inner mount does not make the silence longer', async () => {
  const start = performance.now();
  const inner = holdOpen(json, { firstBeatMs: 400 });
  const outer = holdOpen(
    async (request: Request) => {
      await quiet(250);
      return inner(request);
    },
    { firstBeatMs: 400 },
  );
  await receive(await outer(ask()));
  expect(performance.now() - start).toBeLessThan(600);
});

test('an inner mount may switch it on again', async () => {
  const inner = holdOpen(json, QUICK);
  const middle = holdOpen((request: Request) => inner(request), { intervalMs: false });
  const response = await holdOpen((request: Request) => middle(request), QUICK)(ask());
  expect(response.headers.get('holdopen')).not.toBeNull();
  await receive(response);
});

test('switched off when it is held already, it beats no more', async () => {
  const request = ask();
  const inner = holdOpen(
    async () => {
      await quiet(200);
      return Response.json(1);
    },
    { intervalMs: false },
  );
  const outer = holdOpen(async () => {
    await held(request);
    return inner(request);
  }, QUICK);
  const { text } = await receive(await outer(request));
  expect(text).toMatch(/^\n{1,2}1$/);
});

test('an inner mount cannot make the interval longer that the head has announced', async () => {
  const request = ask();
  const pieces = new Pieces();
  const inner = holdOpen(
    () => new Response(pieces.body, { headers: { 'Content-Type': 'application/json' } }),
    { intervalMs: 5_000 },
  );
  const outer = holdOpen(async () => {
    await held(request);
    return inner(request);
  }, QUICK);
  const received = receive(await outer(request));
  pieces.give('[1');
  await quiet(30);
  pieces.give(',');
  await quiet(200);
  pieces.give('2]').end();
  expect((await received).text).toMatch(/^\n+\[1,\n/);
});

test('an inner event stream has the beats of one', async () => {
  const pieces = new Pieces();
  const inner = holdOpen(() => events(pieces.body), { ...QUICK, frame: ':inner\n\n' });
  const outer = holdOpen((request: Request) => inner(request), { ...QUICK, frame: ':outer\n\n' });
  const received = receive(outer(ask()));
  await quiet(250);
  pieces.end();
  expect((await received).text).toMatch(/^: holdopen interval=60\n\n(:inner\n\n)+$/);
});

test('a request of its own in between makes two, and one of them beats', async () => {
  const pieces = new Pieces();
  const inner = holdOpen(() => events(pieces.body), { ...QUICK, frame: ':inner\n\n' });
  const outer = holdOpen((request: Request) => inner(new Request(request)), QUICK);
  const received = receive(outer(ask('/', { method: 'GET' })));
  await quiet(250);
  pieces.end();
  expect((await received).text).toMatch(/^: holdopen interval=60\n\n(:inner\n\n)+$/);
});

test('a request that is used again has a hold again', async () => {
  const request = ask('/', { method: 'GET' });
  const handler = holdOpen(json, QUICK);
  for (let i = 0; i < 2; i++) {
    const response = await handler(request);
    expect(response.headers.get('holdopen')).not.toBeNull();
    await receive(response);
    await until('it is over', () => getHold(request).state === 'complete');
  }
});
