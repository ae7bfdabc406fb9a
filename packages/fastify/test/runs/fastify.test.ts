import type { Readable } from 'node:stream';
import cookie from '@fastify/cookie';
import cors from '@fastify/cors';
import multipart, { type MultipartFile } from '@fastify/multipart';
import { runsMiddleware } from '@holdopen/runs/node';
import type { FastifyInstance } from 'fastify';
import { describe, expect, test, vi } from 'vitest';
import { requestText } from '../../../node/test/held/support/ask.js';
import { until } from '../../../node/test/held/support/wait.js';
import {
  ask,
  begin,
  gate,
  get,
  holdOptions,
  KEY,
  openRuns,
  plainPost,
  post,
  quietConsole,
  repeatable,
  SOON,
  statusOf,
  textOf,
  untilAlone,
} from '../../../node/test/runs/support/index.js';
import { holdOpen, incomingOf } from '../../src/index.js';
import { readableLogger } from '../support/logs.js';
import { createApp, serve } from '../support/serve.js';

declare module 'fastify' {
  interface FastifyRequest {
    user: string | undefined;
  }
}

const MADE = { made: true };

/** Writes down each hook as it runs. */
function journalOf(app: FastifyInstance): string[] {
  const journal: string[] = [];
  const note = (what: string): void => void journal.push(what);
  app.addHook('onRequest', async () => note('onRequest'));
  app.addHook('preParsing', async () => note('preParsing'));
  app.addHook('preValidation', async () => note('preValidation'));
  app.addHook('preHandler', async () => note('preHandler'));
  app.addHook('preSerialization', async (_request, _reply, payload) => {
    note('preSerialization');
    return payload;
  });
  app.addHook('onSend', async (_request, _reply, payload) => {
    note('onSend');
    return payload;
  });
  app.addHook('onError', async () => note('onError'));
  app.addHook('onResponse', async (_request, reply) => note(`onResponse ${reply.statusCode}`));
  return journal;
}

describe('hooks', () => {
  const BEFORE = ['onRequest', 'preParsing', 'preValidation', 'preHandler', 'route’s preHandler'];

  function journaled(handler: () => Promise<unknown>, status = 200, firstBeatMs = 20_000) {
    let journal: string[] = [];
    const served = serve(async (app) => {
      await app.register(holdOpen, holdOptions({ runs: openRuns(), firstBeatMs }));
      journal = journalOf(app);
      const preHandler = async (): Promise<void> => void journal.push('route’s preHandler');
      app.post('/work', { preHandler }, async (_request, reply) => {
        journal.push('handler');
        reply.code(status);
        return handler();
      });
    });
    const take = async (): Promise<string[]> => {
      await until('onResponse has run', () => journal.some((what) => what.startsWith('onResp')));
      return journal.splice(0);
    };
    return { served, take };
  }

  test('all run for the work; for a replay those up to preHandler, and onResponse', async () => {
    const { served, take } = journaled(async () => MADE, 201);
    expect((await ask(await served, post())).status).toBe(201);
    const behind = ['handler', 'preSerialization', 'onSend'];
    expect(await take()).toEqual([...BEFORE, ...behind, 'onResponse 201']);
    expect((await ask(await served, post())).status).toBe(201);
    expect(await take()).toEqual([...BEFORE, 'onResponse 201']);
  });

  test('onError runs for work that fails, and not for its replay', async () => {
    const { served, take } = journaled(async () => {
      throw Object.assign(new Error('busy'), { statusCode: 409 });
    });
    const first = await ask(await served, post());
    expect(first.status).toBe(409);
    expect(await take()).toEqual([
      ...BEFORE,
      ...['handler', 'onError', 'onSend', 'onResponse 409'],
    ]);
    expect(repeatable(await ask(await served, post()))).toEqual(repeatable(first));
    expect(await take()).toEqual([...BEFORE, 'onResponse 409']);
  });

  test('onResponse sees the true status of an answer that was held', async () => {
    const go = gate();
    const work = async (): Promise<unknown> => {
      await go.opened;
      return MADE;
    };
    const { served, take } = journaled(work, 201, SOON.firstBeatMs);
    const client = await begin(await served, post());
    await client.arrived('\n\n');
    go.open();
    await client.arrived('{"made":true}');
    expect((await take()).at(-1)).toBe('onResponse 201');
  });

  test('a login before each answer refuses also what comes from a log', async () => {
    let isOpen = true;
    const served = await serve(async (app) => {
      await app.register(holdOpen, holdOptions({ runs: openRuns() }));
      app.addHook('preHandler', async (_request, reply) => {
        if (!isOpen) return reply.code(401).send({ who: 'are you' });
      });
      app.post('/work', async () => MADE);
    });
    expect((await ask(served, post())).status).toBe(200);
    isOpen = false;
    expect(await ask(served, post())).toMatchObject({ status: 401, body: '{"who":"are you"}' });
  });

  test('the log has a line of each answer with its status', async () => {
    const { lines, logger } = readableLogger();
    const served = await serve(
      async (app) => {
        await app.register(holdOpen, holdOptions({ runs: openRuns() }));
        app.post('/work', async (_request, reply) => reply.code(201).send(MADE));
      },
      'HTTP/1.1',
      { logger },
    );
    const completed = () => lines.filter(({ msg }) => msg === 'request completed');
    for (let i = 1; i <= 2; i += 1) {
      await ask(served, post());
      await until('the line is written', () => completed().length === i);
    }
    expect(completed().map(({ res }) => res?.statusCode)).toEqual([201, 201]);
    expect(lines.filter(({ level }) => level > 30)).toEqual([]);
  });
});

test('what its schema refuses is no run, and its key stays free', async () => {
  const handler = vi.fn(async () => MADE);
  const body = { type: 'object', required: ['n'], properties: { n: { type: 'integer' } } };
  const served = await serve(async (app) => {
    await app.register(holdOpen, holdOptions({ runs: openRuns() }));
    app.post('/work', { schema: { body } }, handler);
  });
  const refused = await ask(served, post({}, '{"n":"many"}'));
  expect(refused.status).toBe(400);
  expect(refused.headers).not.toHaveProperty('holdopen-run');
  expect(handler).not.toHaveBeenCalled();
  expect((await ask(served, post())).status).toBe(200);
  expect(handler).toHaveBeenCalledTimes(1);
});

test('what a schema makes of the answer is what is recorded', async () => {
  const answer = { type: 'object', properties: { id: { type: 'string' } } };
  const served = await serve(async (app) => {
    await app.register(holdOpen, holdOptions({ runs: openRuns() }));
    app.post('/work', { schema: { response: { 200: answer } } }, async () => {
      return { id: 7, secret: 'no' };
    });
  });
  for (let i = 0; i < 2; i += 1) {
    expect((await ask(served, post())).body).toBe('{"id":"7"}');
  }
});

test.each([
  ['at once', 20_000],
  ['held', SOON.firstBeatMs],
])('@fastify/cors answers each page by itself: %s', async (how, firstBeatMs) => {
  const isHeld = how === 'held';
  const served = await serve(async (app) => {
    await app.register(cors, { origin: true, credentials: true, exposedHeaders: ['X-Total'] });
    await app.register(holdOpen, holdOptions({ runs: openRuns(), firstBeatMs }));
    app.post('/work', async () => {
      if (isHeld) await new Promise((resolve) => setTimeout(resolve, 200));
      return MADE;
    });
  });
  for (const origin of ['https://one.example', 'https://two.example']) {
    const reply = await ask(served, post({ origin }));
    expect(reply.body.trim()).toContain('{"made":true}');
    expect(reply.headers).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': expect.stringContaining('X-Total'),
      vary: expect.stringContaining('Origin'),
    });
    // The second comes from the log, at once.
    expect('holdopen' in reply.headers).toBe(isHeld && origin.includes('one'));
  }
});

test('a cookie of a hook is each client’s own; one of the work is nobody’s', async () => {
  let asked = 0;
  const served = await serve(async (app) => {
    await app.register(cookie);
    await app.register(holdOpen, holdOptions({ runs: openRuns() }));
    app.addHook('onRequest', async (_request, reply) => {
      asked += 1;
      reply.setCookie('asked', String(asked));
    });
    app.post('/work', async (_request, reply) => {
      reply.setCookie('work', 'secret');
      return MADE;
    });
  });
  for (const n of [1, 2]) {
    const reply = await ask(served, post());
    expect(reply.headers['set-cookie']).toBe(`asked=${n}; SameSite=Lax`);
  }
});

const form = (boundary: string, text: string) =>
  post(
    { 'content-type': `multipart/form-data; boundary=${boundary}` },
    `--${boundary}\r\nContent-Disposition: form-data; name="a"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\n${text}\r\n--${boundary}--\r\n`,
  );

test('a file of @fastify/multipart is the handler’s, and sent again in another form it is the same', async () => {
  let starts = 0;
  const served = await serve(async (app) => {
    await app.register(multipart);
    await app.register(holdOpen, holdOptions({ runs: openRuns() }));
    app.post('/work', async (request) => {
      starts += 1;
      const file = await request.file();
      return { name: file?.filename, text: (await file?.toBuffer())?.toString() };
    });
  });
  const large = 'x'.repeat(200_000);
  const first = await ask(served, form('one', large));
  expect(first.status).toBe(200);
  expect(JSON.parse(first.body)).toEqual({ name: 'a.txt', text: large });
  expect((await ask(served, form('another', large))).body).toBe(first.body);
  expect((await ask(served, form('one', `${large}!`))).status).toBe(422);
  expect(starts).toBe(1);
});

test('files that @fastify/multipart has put into the body are refused at once, and compared by a fingerprint', async () => {
  let starts = 0;
  const serveForms = (options: Parameters<typeof openRuns>[0]) =>
    serve(async (app) => {
      // Its parts point to each other.
      await app.register(multipart, { attachFieldsToBody: true });
      await app.register(holdOpen, holdOptions({ runs: openRuns(options) }));
      app.post<{ Body: { a: MultipartFile } }>('/work', async (request) => {
        starts += 1;
        return { text: (await request.body.a.toBuffer()).toString() };
      });
    });
  const refusing = await serveForms({});
  const large = 'x'.repeat(500_000);
  for (const text of [large, `${large}!`]) {
    const reply = await ask(refusing, form('one', text));
    expect(reply).toMatchObject({ status: 500, ended: 'complete' });
    expect(reply.body).toContain('fingerprint');
  }
  expect(starts).toBe(0);
  const fingerprint = (request: Request): string => request.headers.get('x-sum')?.repeat(43) ?? '';
  const comparing = await serveForms({ fingerprint });
  const summed = (sum: string, text: string) => {
    const question = form('one', text);
    return { ...question, headers: { ...question.headers, 'x-sum': sum } };
  };
  for (let i = 0; i < 2; i += 1) {
    expect(JSON.parse((await ask(comparing, summed('a', 'Ann'))).body)).toEqual({ text: 'Ann' });
  }
  expect((await ask(comparing, summed('b', 'Bob'))).status).toBe(422);
  expect(starts).toBe(1);
});

test.each(['null', '0', 'false', '""', '[]', '{}'])('a body of %s is a payload', async (text) => {
  let starts = 0;
  const served = await serve(async (app) => {
    await app.register(holdOpen, holdOptions({ runs: openRuns() }));
    app.post('/work', async (request) => ({ starts: ++starts, body: request.body }));
  });
  const first = await ask(served, post({}, text));
  expect(JSON.parse(first.body)).toEqual({ starts: 1, body: JSON.parse(text) });
  expect((await ask(served, post({}, text))).body).toBe(first.body);
  expect((await ask(served, post({}, '[1]'))).status).toBe(422);
});

test('an empty object of JSON is a payload also where nobody said its length', async () => {
  const served = await serve(async (app) => {
    await app.register(holdOpen, holdOptions({ runs: openRuns() }));
    app.post('/work', async (request) => ({ body: request.body }));
  });
  const client = await served.connect();
  const { body: _, headers, ...question } = post();
  const chunked = { ...headers, 'Transfer-Encoding': 'chunked' };
  const head = requestText({ ...question, headers: chunked });
  client.send(`${head}2\r\n{}\r\n0\r\n\r\n`);
  expect(await client.response()).toMatchObject({ status: 200, body: '{"body":{}}' });
});

test('a parser that gives nothing of what it read has left no payload', async () => {
  quietConsole();
  let starts = 0;
  const served = await serve(async (app) => {
    await app.register(holdOpen, holdOptions({ runs: openRuns() }));
    app.addContentTypeParser(
      'application/x-eaten',
      async (_request: unknown, payload: Readable) => {
        await textOf(payload);
        return {};
      },
    );
    app.post('/work', async () => ({ starts: ++starts }));
  });
  for (const text of ['pay Ann 10', 'pay Bob 9999']) {
    const reply = await ask(served, post({ 'content-type': 'application/x-eaten' }, text));
    expect(reply.status).toBe(500);
    expect(reply.body).toContain('Mount holdOpen before');
  }
  expect(starts).toBe(0);
});

test('injected requests are runs, too', async () => {
  let starts = 0;
  const runs = openRuns();
  const app = createApp();
  await app.register(holdOpen, holdOptions({ runs }));
  app.post('/work', async (request, reply) => {
    starts += 1;
    reply.code(201);
    return { n: request.body };
  });
  const { headers = {} } = post();
  const inject = (payload: object) =>
    app.inject({ method: 'POST', url: '/work', headers, payload });
  for (let i = 0; i < 2; i += 1) {
    const reply = await inject({ n: 2 });
    expect([reply.statusCode, reply.body]).toEqual([201, '{"n":{"n":2}}']);
    expect(reply.headers.link).toContain('rel="status"');
  }
  expect((await inject({ n: 3 })).statusCode).toBe(422);
  expect(starts).toBe(1);
});

describe('an error', () => {
  test('of the work goes to the error handler once, whose answer is the run’s', async () => {
    let handled = 0;
    const served = await serve(async (app) => {
      await app.register(holdOpen, holdOptions({ runs: openRuns() }));
      app.setErrorHandler<Error>((error, _request, reply) => {
        handled += 1;
        return reply.code(418).send({ handled: error.message });
      });
      app.post('/work', async () => {
        throw new Error('gone wrong');
      });
    });
    for (let i = 0; i < 2; i += 1) {
      const reply = await ask(served, post());
      expect(reply).toMatchObject({ status: 418, body: '{"handled":"gone wrong"}' });
    }
    expect(handled).toBe(1);
  });

  test('of authorize goes to the error handler, and nothing is started', async () => {
    const handler = vi.fn(async () => MADE);
    const authorize = async (): Promise<string> => {
      throw new Error('no such table');
    };
    const served = await serve(async (app) => {
      await app.register(holdOpen, holdOptions({ runs: openRuns({ authorize }) }));
      app.setErrorHandler<Error>((error, _request, reply) =>
        reply.code(418).send({ handled: error.message }),
      );
      app.post('/work', handler);
    });
    const reply = await ask(served, post());
    expect(reply).toMatchObject({ status: 418, body: '{"handled":"no such table"}' });
    expect(handler).not.toHaveBeenCalled();
  });

  test('of a handler that nobody waits for any more is the run’s all the same', async () => {
    const go = gate();
    let starts = 0;
    const served = await serve(async (app) => {
      await app.register(holdOpen, holdOptions({ runs: openRuns() }));
      app.post('/work', async () => {
        starts += 1;
        await go.opened;
        throw Object.assign(new Error('busy'), { statusCode: 409 });
      });
    });
    const client = await begin(served, post());
    await until('it works', () => starts === 1);
    client.leave();
    await untilAlone(served);
    go.open();
    const reply = await ask(served, post());
    expect(reply.status).toBe(409);
    expect(JSON.parse(reply.body)).toMatchObject({ message: 'busy' });
    expect(starts).toBe(1);
  });
});

test('authorize is given what a hook has left on the request', async () => {
  const runs = openRuns({ authorize: (request) => incomingOf(request)?.user });
  let starts = 0;
  const served = await serve(async (app) => {
    app.decorateRequest('user', undefined);
    app.addHook('onRequest', async (request) => {
      request.user = request.headers['x-user']?.toString();
    });
    const routes = runsMiddleware(runs);
    app.addHook('onRequest', (request, reply, done) => routes(request, reply.raw, done));
    await app.register(holdOpen, holdOptions({ runs }));
    app.post('/work', async () => ({ starts: ++starts }));
  });
  const first = await ask(served, post());
  expect(first.body).toBe('{"starts":1}');
  // At the run routes, too.
  expect((await ask(served, get(statusOf(first)))).status).toBe(200);
  expect((await ask(served, get(statusOf(first), { 'x-user': 'eve' }))).status).toBe(404);
  expect((await ask(served, post({ 'x-user': 'eve' }))).body).toBe('{"starts":2}');
  expect((await ask(served, post())).body).toBe('{"starts":1}');
  const { 'x-user': _, ...headers } = post().headers ?? {};
  expect((await ask(served, { ...post(), headers })).status).toBe(403);
  expect(incomingOf(new Request('http://test.example'))).toBeUndefined();
});

test('one key on two routes is two runs, and on two pages of one route another payload', async () => {
  const served = await serve(async (app) => {
    await app.register(holdOpen, holdOptions({ runs: openRuns() }));
    app.post('/pages/:id', async (request) => ({ at: request.url }));
    app.post('/other', async (request) => ({ at: request.url }));
  });
  const at = (path: string) => ask(served, { ...post(), path });
  expect((await at('/pages/1')).body).toBe('{"at":"/pages/1"}');
  expect((await at('/other')).body).toBe('{"at":"/other"}');
  expect((await at('/pages/2')).status).toBe(422);
  expect((await at('/pages/1')).body).toBe('{"at":"/pages/1"}');
});

test('a route without runs in an application that has them is left alone', async () => {
  let starts = 0;
  const served = await serve(async (app) => {
    await app.register(holdOpen, holdOptions({ runs: openRuns() }));
    app.post('/work', { config: { holdOpen: false } }, async () => ({ starts: ++starts }));
    app.post('/runs-work', async () => ({ starts: ++starts }));
  });
  for (const n of [1, 2]) {
    const reply = await ask(served, post());
    expect(reply.body).toBe(`{"starts":${n}}`);
    expect(reply.headers).not.toHaveProperty('holdopen-run');
  }
  for (let i = 0; i < 2; i += 1) {
    const reply = await ask(served, { ...post(), path: '/runs-work' });
    expect(reply.body).toBe('{"starts":3}');
    expect(statusOf(reply)).toMatch(/^\/runs\//);
  }
});

test('a payload that was sent with a key and one without do not know each other', async () => {
  let starts = 0;
  const served = await serve(async (app) => {
    await app.register(holdOpen, holdOptions({ runs: openRuns() }));
    app.post('/work', async () => ({ starts: ++starts }));
  });
  const bodies: string[] = [];
  for (const question of [post(), plainPost(), post({ 'idempotency-key': `"${KEY}"` })]) {
    bodies.push((await ask(served, question)).body);
  }
  expect(bodies).toEqual(['{"starts":1}', '{"starts":2}', '{"starts":1}']);
});
