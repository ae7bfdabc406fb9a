import { expect, test } from 'vitest';
import { getHold, holdOpen, registry } from '../src/index.js';
import { ask, events, held, Pieces, QUICK, quiet, receive, until } from './support/call.js';

test('a client that leaves a held answer fires the signal, and the hold is gone', async () => {
  const request = ask();
  const before = registry.size;
  let reason: unknown;
  const handler = holdOpen(async (): Promise<Response> => {
    const { signal } = getHold(request);
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    reason = signal.reason;
    throw reason;
  }, QUICK);
  const response = await handler(request);
  await response.body?.cancel();
  await until('the signal has fired', () => reason !== undefined);
  expect(reason).toMatchObject({ name: 'HoldOpenError', code: 'HOLDOPEN_DISCONNECTED' });
  expect(getHold(request).state).toBe('gone');
  expect(registry.size).toBe(before);
});

test("the reader of the handler's body is cancelled with the same reason", async () => {
  const pieces = new Pieces();
  const request = ask();
  const handler = holdOpen(async () => {
    await held(request);
    return new Response(pieces.body, { headers: { 'Content-Type': 'application/json' } });
  }, QUICK);
  const reader = (await handler(request)).body?.getReader();
  await reader?.read();
  void reader?.read();
  await until("the handler's body is read", () => pieces.pulls > 0);
  await reader?.cancel();
  expect(pieces.cancelledWith).toBe(getHold(request).signal.reason);
  expect(pieces.cancelledWith).toMatchObject({ code: 'HOLDOPEN_DISCONNECTED' });
});

test('an answer that comes when nobody is there any more is cancelled', async () => {
  const pieces = new Pieces();
  const request = ask();
  const handler = holdOpen(async () => {
    await until('the client has left', () => getHold(request).state === 'gone');
    return events(pieces.body);
  }, QUICK);
  const response = await handler(request);
  await response.body?.cancel();
  await until('the body is cancelled', () => pieces.isCancelled);
  expect(pieces.cancelledWith).toMatchObject({ code: 'HOLDOPEN_DISCONNECTED' });
});

test('a request that is aborted before the first beat fires the signal', async () => {
  const controller = new AbortController();
  const request = ask('/', { signal: controller.signal });
  const handler = holdOpen(
    () =>
      new Promise<Response>((_resolve, reject) => {
        const { signal } = getHold(request);
        signal.addEventListener('abort', () => reject(signal.reason));
      }),
  );
  const answer = handler(request);
  controller.abort();
  await expect(answer).rejects.toMatchObject({ code: 'HOLDOPEN_DISCONNECTED' });
});

test('so does one that had been aborted before anybody listened', () => {
  const handler = holdOpen((request) => {
    const { signal } = getHold(request);
    expect(signal.aborted).toBe(true);
    expect(signal.reason).toMatchObject({ code: 'HOLDOPEN_DISCONNECTED' });
    return new Response();
  });
  handler(ask('/', { signal: AbortSignal.abort() }));
});

test('a client that has left before the first beat is not answered', async () => {
  const controller = new AbortController();
  const request = ask('/', { signal: controller.signal });
  const { commits } = registry.counters;
  const response = new Response();
  const handler = holdOpen(async () => {
    controller.abort();
    await until('that is found out', () => getHold(request).state === 'gone');
    return response;
  }, QUICK);
  expect(await handler(request)).toBe(response);
  expect(registry.counters.commits).toBe(commits);
});

test('a request that is aborted while held ends the hold, and whoever still reads sees a cut', async () => {
  const controller = new AbortController();
  const request = ask('/', { signal: controller.signal });
  const handler = holdOpen(() => new Promise<Response>(() => {}), QUICK);
  const received = receive(await handler(request));
  await quiet(10);
  controller.abort();
  expect((await received).error).toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
  expect(getHold(request).state).toBe('gone');
  expect(getHold(request).signal.aborted).toBe(true);
});

test('an abort after the end means nothing', async () => {
  const controller = new AbortController();
  const request = ask('/', { signal: controller.signal });
  const handler = holdOpen(async () => {
    await held(request);
    return Response.json(1);
  }, QUICK);
  await receive(await handler(request));
  controller.abort();
  expect(getHold(request).state).toBe('complete');
  expect(getHold(request).signal.aborted).toBe(false);
});

test("with onDisconnect: 'continue' the work goes on, and its body is read to the end", async () => {
  const request = ask();
  let left = 3;
  let done = false;
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        await quiet(10);
        left -= 1;
        controller.enqueue(Uint8Array.of(0x20));
        if (left > 0) return;
        done = true;
        controller.close();
      },
    },
    { highWaterMark: 0 },
  );
  const handler = holdOpen(
    async () => {
      await until('the client has left', () => getHold(request).state === 'gone');
      return new Response(body);
    },
    { ...QUICK, onDisconnect: 'continue' },
  );
  const response = await handler(request);
  await response.body?.cancel();
  await until('the work is done', () => done);
  expect(getHold(request).signal.aborted).toBe(false);
});

test('the same in the middle of an event stream', async () => {
  const pieces = new Pieces();
  const handler = holdOpen(() => events(pieces.body), { ...QUICK, onDisconnect: 'continue' });
  const reader = handler(ask()).body?.getReader();
  pieces.give('data: 1\n\n');
  await reader?.read();
  await reader?.cancel();
  for (let i = 0; i < 3; i++) {
    const { pulls } = pieces;
    pieces.give('data: 2\n\n');
    await until('it is read', () => pieces.pulls > pulls);
  }
  pieces.end();
  expect(pieces.isCancelled).toBe(false);
});

test('a client that leaves an event stream cancels it', async () => {
  const pieces = new Pieces();
  const request = ask();
  const reader = holdOpen(() => events(pieces.body), QUICK)(request).body?.getReader();
  pieces.give('data: 1\n\n');
  await reader?.read();
  await reader?.cancel();
  expect(pieces.cancelledWith).toMatchObject({ code: 'HOLDOPEN_DISCONNECTED' });
  expect(getHold(request).state).toBe('gone');
});
