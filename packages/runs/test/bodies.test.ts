import { afterEach, describe, expect, test, vi } from 'vitest';
import { ask, gate, KEY, openRuns, problemOf, quiet, runOf, serve } from './support/desk.js';
import { never } from './support/world.js';

afterEach(() => {
  vi.restoreAllMocks();
});

/** A body that is written by hand. */
function written(type: string, status = 200) {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  const body = new ReadableStream<Uint8Array>({
    start(it) {
      controller = it;
    },
  });
  return {
    response: () => new Response(body, { status, headers: { 'content-type': type } }),
    write: (text: string) => controller?.enqueue(new TextEncoder().encode(text)),
    end: () => controller?.close(),
    fail: () => controller?.error(new Error('broke off')),
  };
}

/** Reads until this much is there, or the body fails. */
function reading(response: Response) {
  const reader = response.body?.getReader();
  let text = '';
  return {
    async until(wanted: string) {
      while (text !== wanted) {
        const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
        if (done) throw new Error(`it ended with ${text}`);
        text += new TextDecoder().decode(value);
      }
    },
    rest: () => reader?.read(),
    leave: () => reader?.cancel(),
  };
}

const result = (response: Response) =>
  ask({ method: 'GET', url: `http://test.example/runs/${runOf(response)}/result` });

describe.each(['application/x-ndjson', 'text/plain; charset=utf-8', 'application/octet-stream'])(
  'a body of %s',
  (type) => {
    test('reaches all who watch while it is written, and is whole afterwards', async () => {
      const runs = openRuns();
      const { response, write, end } = written(type, 201);
      const first = await serve(runs, ask({ key: KEY }), response);
      expect(first.status).toBe(201);
      write('{"a":1}\n');
      const one = reading(first);
      await one.until('{"a":1}\n');
      const second = await runs.fetch(result(first));
      expect([second.status, second.headers.get('content-type')]).toEqual([201, type]);
      expect(second.headers.get('content-location')).toMatch(/\/result$/);
      const two = reading(second);
      write('{"a":2}\n');
      await Promise.all([one, two].map((each) => each.until('{"a":1}\n{"a":2}\n')));
      end();
      expect(await one.rest()).toMatchObject({ done: true });
      expect(await two.rest()).toMatchObject({ done: true });
      const again = await serve(runs, ask({ key: KEY }), never);
      expect(again.headers.get('content-length')).toBe('16');
      expect(await again.text()).toBe('{"a":1}\n{"a":2}\n');
      await vi.waitFor(() => expect(runs.context.watching.size).toBe(0));
    });

    test('is cut if the work fails later, and the truth is told afterwards', async () => {
      quiet();
      const runs = openRuns();
      const { response, write, fail } = written(type);
      const first = await serve(runs, ask({ key: KEY }), response);
      write('some');
      const one = reading(first);
      await one.until('some');
      fail();
      await expect(one.rest()).rejects.toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
      const again = await serve(runs, ask({ key: KEY }), never);
      expect(await problemOf(again)).toMatchObject({ status: 500, code: 'handler_error' });
      expect(runs.context.watching.size).toBe(0);
    });

    test('whose client leaves goes on without it', async () => {
      const runs = openRuns();
      const { response, write, end } = written(type);
      const one = reading(await serve(runs, ask({ key: KEY }), response));
      write('some');
      await one.until('some');
      await one.leave();
      expect(runs.context.watching.size).toBe(0);
      write(' more');
      end();
      const again = await serve(runs, ask({ key: KEY }), never);
      expect(await again.text()).toBe('some more');
    });

    test('is cut for watchers whose process closes', async () => {
      const runs = openRuns();
      const { response, write } = written(type);
      const one = reading(await serve(runs, ask({ key: KEY }), response));
      write('some');
      await one.until('some');
      await runs.close();
      await expect(one.rest()).rejects.toThrow(/cut/);
    });
  },
);

test.each(['application/json', 'application/vnd.api+json; charset=utf-8'])(
  'a document of %s waits for its end, and has the status that the work came to',
  async (type) => {
    quiet();
    const runs = openRuns();
    const { response, write, fail } = written(type);
    const seen = vi.fn();
    const answer = serve(runs, ask({ key: KEY }), response);
    void answer.then(seen);
    write('{"a":');
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(seen).not.toHaveBeenCalled();
    fail();
    expect((await answer).status).toBe(500);
  },
);

test('work that fails before its head has its true status, whatever type it would have had', async () => {
  quiet();
  const runs = openRuns();
  const go = gate();
  const answer = serve(runs, ask({ key: KEY, headers: { accept: 'text/plain' } }), async () => {
    await go.opened;
    throw new Error('no');
  });
  go.open();
  expect((await answer).status).toBe(500);
});

test('whoever asked for a 202 gets it though the body has begun', async () => {
  const runs = openRuns();
  const { response, write } = written('text/plain');
  write('some');
  const headers = { prefer: 'respond-async, wait=0' };
  const answer = await serve(runs, ask({ key: KEY, headers }), response);
  expect(answer.status).toBe(202);
  await runs.close();
});

test('chunks have no ids, so a cursor in their middle is lost', async () => {
  const runs = openRuns();
  const { response, write } = written('text/plain');
  const first = await serve(runs, ask({ key: KEY }), response);
  write('some');
  await reading(first).until('some');
  const { cursor } = (await (
    await runs.fetch(ask({ method: 'GET', url: `http://test.example/runs/${runOf(first)}` }))
  ).json()) as { cursor: string };
  const back = ask({ key: KEY, headers: { 'last-event-id': cursor } });
  const answer = await serve(runs, back, never);
  expect(await problemOf(answer)).toMatchObject({ status: 410, code: 'cursor_lost' });
  await runs.close();
});
