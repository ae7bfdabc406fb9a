import type { RequestHandler } from 'express';
import { describe, expect, test } from 'vitest';
import {
  ask,
  holdOptions,
  openRuns,
  post,
  quietConsole,
  textOf,
} from '../../../node/test/runs/support/index.js';
import { holdOpen } from '../../src/index.js';
import { serve, VERSIONS } from '../support/index.js';

/** Readers of an application's own stand before holdOpen, behind a parser that let the body be. */
describe.each(VERSIONS)('in $name', ({ express }) => {
  async function serveBehind(...before: readonly RequestHandler[]) {
    quietConsole();
    let starts = 0;
    const app = express();
    app.set('env', 'test');
    for (const one of before) app.use(one);
    app.post('/work', holdOpen(holdOptions({ runs: openRuns() })), (req, res) => {
      starts += 1;
      res.json({ body: req.body ?? null });
    });
    return { served: await serve(app), starts: () => starts };
  }

  /** A check of signatures, a parser of XML, an upload to a bucket. */
  const reads: RequestHandler = async (req, _res, next) => {
    await textOf(req);
    next();
  };

  test.each(['application/xml', 'application/octet-stream'])(
    'what a reader of its own makes of %s is no payload, so nothing is begun',
    async (type) => {
      const { served, starts } = await serveBehind(express.json(), reads);
      for (const text of ['pay Ann 10', 'pay Bob 9999']) {
        const reply = await ask(served, post({ 'content-type': type }, text));
        expect(reply.status).toBe(500);
        expect(reply.body).toContain('Mount holdOpen before');
      }
      expect(starts()).toBe(0);
    },
  );

  test('a parser that leaves nothing of JSON has not compared it', async () => {
    const leaves: RequestHandler = (req, _res, next) => {
      req.body = {};
      next();
    };
    const { served, starts } = await serveBehind(reads, leaves);
    expect((await ask(served, post({}, '{"pay":"Ann"}'))).status).toBe(500);
    expect(starts()).toBe(0);
    expect((await ask(served, post({}, ' {}\r\n'))).body).toBe('{"body":{}}');
  });

  test('a parser that let the body be leaves it to holdOpen', async () => {
    const { served, starts } = await serveBehind(express.json());
    const type = { 'content-type': 'application/xml' };
    const first = await ask(served, post(type, 'pay Ann 10'));
    expect(first.status).toBe(200);
    expect((await ask(served, post(type, 'pay Bob 9999'))).status).toBe(422);
    expect((await ask(served, post(type, 'pay Ann 10'))).body).toBe(first.body);
    expect(starts()).toBe(1);
  });

  test.each(['{}', '{ }\r\n', '[]'])('%j that was parsed is a payload', async (text) => {
    const { served, starts } = await serveBehind(express.json());
    const first = await ask(served, post({}, text));
    expect(JSON.parse(first.body)).toEqual({ body: JSON.parse(text) });
    expect((await ask(served, post({}, text))).body).toBe(first.body);
    expect((await ask(served, post({}, '{"n":1}'))).status).toBe(422);
    expect(starts()).toBe(1);
  });
});
