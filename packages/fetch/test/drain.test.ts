import { afterEach, expect, test } from 'vitest';
import { readHeldJson } from '../../node/test/held/support/payload.js';
import { drain, getHold, holdOpen, registry } from '../src/index.js';
import { ask, events, held, Pieces, QUICK, receive, until } from './support/call.js';

afterEach(() => registry.reopen());

test('a drain ends GET event streams at once, and the others with a late 503', async () => {
  const pieces = new Pieces();
  const reasons: unknown[] = [];
  const stream = receive(
    holdOpen(() => events(pieces.body), QUICK)(ask('/events', { method: 'GET' })),
  );
  pieces.give('data: 1\n\n');
  const handler = holdOpen(
    (request) =>
      new Promise<Response>((_resolve, reject) => {
        const { signal } = getHold(request);
        signal.addEventListener('abort', () => {
          reasons.push(signal.reason);
          reject(signal.reason);
        });
      }),
    { ...QUICK, onLateOutcome() {} },
  );
  const json = receive(await handler(ask()));
  await until('the event has left', () => pieces.pulls > 0);
  expect(await drain({ timeoutMs: 50, retryAfterSeconds: 3 })).toEqual({ finished: 0, ended: 2 });
  expect((await stream).text).toMatch(/^data: 1\n\n(: [^\n]*\n\n)*retry: [3-6]\d{3}\n\n$/);
  expect((await stream).error).toBeUndefined();
  expect(pieces.cancelledWith).toMatchObject({ code: 'HOLDOPEN_DRAINED' });
  const { lateHead, payload } = readHeldJson((await json).text);
  expect(lateHead).toEqual({ status: 503, headers: [['retry-after', '3']] });
  expect(JSON.parse(`${payload}}`)).toMatchObject({ code: 'drained' });
  expect(reasons).toMatchObject([{ code: 'HOLDOPEN_DRAINED' }]);
});

test('after a drain a silent handler is refused with a plain 503', async () => {
  await drain({ timeoutMs: 0, retryAfterSeconds: 7 });
  const pieces = new Pieces();
  const request = ask();
  const handler = holdOpen(
    async () => {
      await until('it is refused', () => getHold(request).state === 'failed');
      return events(pieces.body);
    },
    { ...QUICK, headers: () => ({ 'Access-Control-Allow-Origin': '*' }) },
  );
  const response = await handler(request);
  expect(response.status).toBe(503);
  expect(Object.fromEntries(response.headers)).toEqual({
    'access-control-allow-origin': '*',
    'retry-after': '7',
  });
  expect(getHold(request).signal.reason).toMatchObject({ code: 'HOLDOPEN_DRAINED' });
  await until('what comes later is thrown away', () => pieces.isCancelled);
});

test('a drain is over when its cuts are, and does not wait for ever for a client that reads nothing', async () => {
  const handler = holdOpen(() => new Promise<Response>(() => {}), { ...QUICK, onLateOutcome() {} });
  let received: Awaited<ReturnType<typeof receive>> | undefined;
  const receiving = receive(await handler(ask())).then((all) => {
    received = all;
  });
  await drain({ timeoutMs: 0 });
  await receiving;
  expect(received?.error).toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
  registry.reopen();
  const stalled = await handler(ask());
  const start = performance.now();
  await drain({ timeoutMs: 0 });
  expect(performance.now() - start).toBeGreaterThan(900);
  await stalled.body?.cancel();
});

test('who answers in time is not refused', async () => {
  await drain({ timeoutMs: 0 });
  const response = Response.json(1);
  expect(await holdOpen(async () => response)(ask())).toBe(response);
});

test('a hold that ends by itself is waited for', async () => {
  const request = ask();
  const handler = holdOpen(async () => {
    await held(request);
    await until('the drain has begun', () => draining);
    return Response.json(1);
  }, QUICK);
  let draining = false;
  const received = receive(await handler(request));
  const drained = drain();
  draining = true;
  expect(readHeldJson((await received).text).payload).toBe('1');
  expect(await drained).toEqual({ finished: 1, ended: 0 });
});
