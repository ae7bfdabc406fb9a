import { expect, test, vi } from 'vitest';
import { getHold, holdOpen, type LateOutcome, registry } from '../src/index.js';
import { ask, events, Pieces, QUICK, quiet, receive, until } from './support/call.js';

const handler = (response: Response, options = {}) =>
  holdOpen(() => response, { ...QUICK, ...options })(ask('/events', { method: 'GET' }));

test('an event stream gets beats at its boundaries, and the first announces the interval', async () => {
  const pieces = new Pieces();
  const received = receive(handler(events(pieces.body)));
  for (const piece of ['data: 1\n\n', 'data: 2\n', 'da', 'ta: 3\r\n\r', '\n']) {
    pieces.give(piece);
    await quiet(170);
  }
  pieces.end();
  expect((await received).text).toMatch(
    /^data: 1\n\n: holdopen interval=60\n\n(: keepalive\n\n)*data: 2\n(:\n)+data: 3\r\n\r\n(: keepalive\n\n)+$/,
  );
});

test('it keeps its status and its headers, cookies included', async () => {
  const headers = new Headers({ 'Content-Type': 'Text/Event-Stream; charset=UTF-8', 'X-A': '1' });
  headers.append('Set-Cookie', 'a=1');
  headers.append('Set-Cookie', 'b=2');
  const given = new Response('data: 1\n\n', { status: 203, statusText: 'Sure', headers });
  const response = handler(given);
  expect(response).not.toBe(given);
  expect(response).toMatchObject({ status: 203, statusText: 'Sure' });
  expect([...response.headers]).toEqual([...given.headers]);
  expect(await response.text()).toBe('data: 1\n\n');
});

test('as long as it is not silent it passes chunk by chunk, by the same buffers', async () => {
  const chunks = ['data: 1\n', '\nda', 'ta: 2\n\n'].map((text) => new TextEncoder().encode(text));
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const chunk = chunks[sent++];
      if (chunk === undefined) controller.close();
      else controller.enqueue(chunk);
    },
  });
  let sent = 0;
  const seen: unknown[] = [];
  for await (const chunk of handler(events(body)).body ?? []) seen.push(chunk);
  expect(seen).toHaveLength(3);
  for (const [i, chunk] of chunks.entries()) expect(seen[i]).toBe(chunk);
});

test('one that is silent before its first event gets beats too, and its mark is no mark any more', async () => {
  const pieces = new Pieces();
  const received = receive(handler(events(pieces.body)));
  await quiet(200);
  pieces.give('\ufeffdata: 1\n\n').end();
  expect((await received).text).toMatch(
    /^: holdopen interval=60\n\n(: keepalive\n\n)+data: 1\n\n$/,
  );
});

test('without beats before it a mark stays where it is', async () => {
  const pieces = new Pieces();
  const received = receive(handler(events(pieces.body)));
  pieces.give('\ufeff');
  await quiet(150);
  pieces.give('data: 1\n\n').end();
  expect((await received).text).toMatch(/^\ufeff(: holdopen interval=60\n\n.*)?data: 1\n\n$/s);
});

test.each([
  ['Content-Length', { 'Content-Length': '9' }, 'length'],
  ['Content-Encoding', { 'Content-Encoding': 'gzip' }, 'encoding'],
  ['another charset', { 'Content-Type': 'text/event-stream; charset=latin1' }, 'charset'],
] as const)('one with a %s is left alone and counted', async (_what, headers, reason) => {
  const { untouched } = registry.counters;
  const before = untouched[reason] ?? 0;
  const response = events('data: 1\n\n', headers);
  expect(handler(response)).toBe(response);
  expect(untouched[reason]).toBe(before + 1);
});

test('identity is no coding', () => {
  const response = events('data: 1\n\n', { 'Content-Encoding': 'identity' });
  expect(handler(response)).not.toBe(response);
});

test.each([204, 205, 206, 304])('a %i is left alone', (status) => {
  const headers = { 'Content-Type': 'text/event-stream' };
  const response = new Response(status === 206 ? 'data: 1\n\n' : null, { status, headers });
  expect(handler(response)).toBe(response);
});

test('one without a body, or with a body that is being read, is left alone', () => {
  const empty = events(null);
  expect(handler(empty)).toBe(empty);
  const read = events('data: 1\n\n');
  read.body?.getReader();
  expect(handler(read)).toBe(read);
});

test('so is the answer to HEAD', () => {
  const response = events('data: 1\n\n');
  expect(holdOpen(() => response)(ask('/', { method: 'HEAD' }))).toBe(response);
});

test('records are held where the options ask for them', async () => {
  const pieces = new Pieces();
  const response = new Response(pieces.body, {
    headers: { 'Content-Type': 'application/x-ndjson' },
  });
  const received = receive(handler(response, { format: 'ndjson' }));
  pieces.give('{"a":1}\n');
  await quiet(150);
  pieces.give('{"a"');
  await quiet(150);
  pieces.give(':2}\n').end();
  expect((await received).text).toMatch(/^\{"a":1\}\n +\{"a":2\}\n$/);
});

test('a ready JSON stream is left alone even where JSON is asked for', () => {
  const response = new Response(new Pieces().body, {
    headers: { 'Content-Type': 'application/json' },
  });
  expect(handler(response, { format: 'json' })).toBe(response);
});

test('the interval counts from the last byte', async () => {
  const pieces = new Pieces();
  const received = receive(handler(events(pieces.body), { intervalMs: 250 }));
  for (let i = 0; i < 8; i++) {
    pieces.give(`data: ${i}\n\n`);
    await quiet(50);
  }
  pieces.end();
  expect((await received).text).not.toContain(':\n');
  expect((await received).text).not.toContain('holdopen');
});

test('a body that fails before any beat fails as it did', async () => {
  const outcomes: LateOutcome[] = [];
  const pieces = new Pieces();
  const received = receive(
    handler(events(pieces.body), {
      onLateOutcome: (outcome: LateOutcome) => outcomes.push(outcome),
    }),
  );
  pieces.give('data: 1\n\n');
  await quiet(5);
  const error = new Error('midway');
  pieces.fail(error);
  expect(await received).toMatchObject({ text: 'data: 1\n\n', error });
  expect(outcomes).toMatchObject([{ ok: false, error }]);
});

test('one that fails after a beat ends with an error event at a boundary', async () => {
  const outcomes: LateOutcome[] = [];
  const pieces = new Pieces();
  const onLateOutcome = (outcome: LateOutcome) => outcomes.push(outcome);
  const received = receive(handler(events(pieces.body), { onLateOutcome }));
  pieces.give('data: 1\n\n');
  await quiet(150);
  pieces.fail(new Error('secret'));
  const { text, error } = await received;
  expect(error).toBeUndefined();
  expect(text).toMatch(/: holdopen status=500\n\nevent: error\nretry: 86400000\ndata: \{.*\}\n\n$/);
  expect(text).not.toContain('secret');
  expect(outcomes).toMatchObject([{ code: 'handler_error' }]);
});

test('inside an event it is cut', async () => {
  const pieces = new Pieces();
  const received = receive(handler(events(pieces.body), { onLateOutcome() {} }));
  pieces.give('data: 1\n');
  await quiet(150);
  pieces.fail(new Error('midway'));
  const { text, error } = await received;
  expect(text).toMatch(/^data: 1\n(:\n)+$/);
  expect(error).toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
});

test('a stream without X-Accel-Buffering is warned of once per route, when it falls silent', async () => {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  for (let i = 0; i < 2; i++) {
    const pieces = new Pieces();
    const response = new Response(pieces.body, {
      headers: { 'Content-Type': 'text/event-stream' },
    });
    const request = ask('/buffered', { method: 'GET' });
    const received = receive(holdOpen(() => response, QUICK)(request));
    await quiet(100);
    pieces.end();
    await received;
  }
  expect(warn.mock.calls.map(([text]) => String(text))).toEqual([
    expect.stringContaining('GET /buffered streams without the header X-Accel-Buffering: no'),
  ]);
  warn.mockRestore();
});

test('text in a body passes as text, for some runtimes take it', async () => {
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue('data: ü\n\n');
      controller.close();
    },
  });
  const reader = handler(events(body)).body?.getReader();
  expect(await reader?.read()).toEqual({ done: false, value: 'data: ü\n\n' });
});

test('beyond maxHolds a silent stream passes as it is, with a warning', async () => {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const pieces = new Pieces();
  const request = ask('/full', { method: 'GET' });
  const handler = holdOpen(() => events(pieces.body), { ...QUICK, maxHolds: 0 });
  const received = receive(handler(request));
  pieces.give('data: 1\n\n');
  await until('it passes', () => getHold(request).state === 'untouched');
  pieces.give('data: 2\n\n');
  await quiet(20);
  const error = new Error('midway');
  pieces.fail(error);
  expect(await received).toMatchObject({ text: 'data: 1\n\ndata: 2\n\n', error });
  expect(warn).toHaveBeenCalledTimes(1);
  warn.mockRestore();
});

test('one that is never silent takes no room', async () => {
  const { occupied } = registry;
  const response = handler(events(new Pieces().body));
  expect(registry.occupied).toBe(occupied);
  await response.body?.cancel();
});

test('an event stream that comes late, but untouched, is held all the same', async () => {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const pieces = new Pieces();
  const request = ask('/late', { method: 'GET', headers: { Accept: 'text/html' } });
  const { untouched } = registry.counters;
  const before = untouched.accept ?? 0;
  const slow = holdOpen(async () => {
    await until('it passes', () => untouched.accept === before + 1);
    return events(pieces.body);
  }, QUICK);
  const received = receive(await slow(request));
  await quiet(100);
  pieces.end();
  expect((await received).text).toContain(': holdopen interval=60');
  warn.mockRestore();
});
