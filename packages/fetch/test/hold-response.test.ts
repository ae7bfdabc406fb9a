import { expect, test, vi } from 'vitest';
import { HoldOpenError, holdOpen, holdResponse, registry } from '../src/index.js';
import { ask, events, Pieces, QUICK, quiet, receive } from './support/call.js';

test('a ready event stream gets beats in its gaps', async () => {
  const pieces = new Pieces();
  const response = holdResponse(events(pieces.body), QUICK);
  const received = receive(response);
  pieces.give('data: 1\n\n');
  await quiet(200);
  pieces.end();
  expect((await received).text).toMatch(
    /^data: 1\n\n: holdopen interval=60\n\n(: keepalive\n\n)+$/,
  );
});

test('a JSON stream gets them where it is asked for', async () => {
  const pieces = new Pieces();
  const response = new Response(pieces.body, { headers: { 'Content-Type': 'application/json' } });
  const received = receive(holdResponse(response, { ...QUICK, format: 'json' }));
  for (const piece of ['["a', ' b",', '1', ',2]']) {
    pieces.give(piece);
    await quiet(150);
  }
  pieces.end();
  const { text } = await received;
  expect(text).toMatch(/^\["a b",\n+1,2\]\n+$/);
  expect(JSON.parse(text)).toEqual(['a b', 1, 2]);
});

test('what cannot be held comes back as the very same object', () => {
  const ready = [
    Response.json(1),
    new Response('x'),
    new Response(null, { status: 204 }),
    Response.error(),
    events('data: 1\n\n', { 'Content-Length': '9' }),
    events(null),
  ];
  for (const response of ready) expect(holdResponse(response)).toBe(response);
});

test('so does everything when it is switched off', () => {
  const response = events('data: 1\n\n');
  expect(holdResponse(response, { intervalMs: false })).toBe(response);
  vi.stubEnv('HOLDOPEN', 'off');
  expect(holdResponse(response)).toBe(response);
  vi.unstubAllEnvs();
});

test('held twice it is held once', () => {
  const once = holdResponse(events('data: 1\n\n'), QUICK);
  expect(holdResponse(once, QUICK)).toBe(once);
  expect(holdOpen(() => once, QUICK)(ask())).toBe(once);
});

test('hooks get the response', async () => {
  const seen: unknown[] = [];
  const pieces = new Pieces();
  const response = events(pieces.body);
  const received = receive(
    holdResponse(response, {
      ...QUICK,
      format(given) {
        seen.push(given);
        return 'auto';
      },
      onBeat: (_hold, given) => void seen.push(given),
    }),
  );
  await quiet(100);
  pieces.end();
  await received;
  expect(seen.length).toBeGreaterThanOrEqual(2);
  expect(seen.every((given) => given === response)).toBe(true);
});

test('a reader that leaves cancels the body and ends the hold', async () => {
  const before = registry.size;
  const pieces = new Pieces();
  const response = holdResponse(events(pieces.body), QUICK);
  expect(registry.size).toBe(before + 1);
  await response.body?.cancel('bye');
  expect(registry.size).toBe(before);
  expect(pieces.cancelledWith).toMatchObject({ code: 'HOLDOPEN_DISCONNECTED' });
});

test.each([undefined, null, 'x', {}])('%j is no response', (given) => {
  expect(() => holdResponse(given as never)).toThrow(HoldOpenError);
  expect(() => holdResponse(given as never)).toThrow(/holdResponse needs a Response/);
});
