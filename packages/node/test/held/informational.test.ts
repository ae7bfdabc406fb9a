import type { ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { ask } from './support/ask.js';
import { readHeldJson } from './support/payload.js';
import { serveHeld } from './support/serve.js';
import { held, until } from './support/wait.js';

const CALLS: [string, (res: ServerResponse, done: () => void) => void][] = [
  ['writeContinue', (res, done) => res.writeContinue(done)],
  [
    'writeProcessing',
    (res, done) => {
      // The HTTP/2 responses of older Nodes have none.
      const write: unknown = Reflect.get(res, 'writeProcessing');
      if (typeof write === 'function') Reflect.apply(write, res, [done]);
    },
  ],
  ['writeEarlyHints', (res, done) => res.writeEarlyHints({ link: '</a.css>; rel=preload' }, done)],
];

describe.each(CALLS)('%s', (_name, call) => {
  test('puts nothing into the body, and its callback comes', async () => {
    let called = 0;
    const served = await serveHeld(async (req, res) => {
      await held(req);
      call(res, () => {
        called += 1;
      });
      res.end('{"a":1}');
    });
    const reply = await ask(served);
    await until('the callback has come', () => called > 0);
    expect(called).toBe(1);
    expect(reply.body).not.toContain('HTTP/');
    expect(readHeldJson(reply.body).payload).toBe('{"a":1}');
  });

  test('does the same over HTTP/2', async () => {
    const served = await serveHeld(
      async (req, res) => {
        await held(req);
        call(res, () => {});
        res.end('{"a":1}');
      },
      {},
      'h2c',
    );
    const reply = await ask(served);
    expect(reply.ended).toBe('complete');
    expect(readHeldJson(reply.body).payload).toBe('{"a":1}');
  });
});
