// On fetch alone the held response goes out while middleware and handler still work on one context.
import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { expect, test } from 'vitest';
import { holdOpen, type LateOutcome } from '../../src/index.js';
import { held, QUICK, readHeldJson, receive, until } from '../support/index.js';

interface Seen {
  readonly finalized: boolean;
  readonly status: number;
  readonly held: boolean;
  readonly error: string | undefined;
}

function look(c: Context): Seen {
  return {
    finalized: c.finalized,
    status: c.res.status,
    held: c.res.headers.has('holdopen'),
    error: c.error?.message,
  };
}

function heldApp(outcomes: LateOutcome[] = []): Hono {
  const app = new Hono();
  app.use(
    holdOpen({ ...QUICK, format: 'json', onLateOutcome: (outcome) => outcomes.push(outcome) }),
  );
  return app;
}

test('inner middleware sees its own response before and after the commit', async () => {
  const seen: Seen[] = [];
  const app = heldApp();
  app.use(async (c, next) => {
    await held(c);
    seen.push(look(c));
    await next();
    seen.push(look(c));
  });
  app.get('/work', (c) => c.json({}, 201));
  const reply = await receive(await app.request('/work'));
  expect(readHeldJson(reply.body).lateHead?.status).toBe(201);
  expect(seen).toEqual([
    { finalized: false, status: 200, held: false, error: undefined },
    { finalized: true, status: 201, held: false, error: undefined },
  ]);
});

test('inner middleware sees the error of a handler that threw late', async () => {
  const seen: Seen[] = [];
  const app = heldApp();
  app.use(async (c, next) => {
    await next();
    seen.push(look(c));
  });
  app.get('/work', async (c) => {
    await held(c);
    throw new HTTPException(418, { message: 'tea' });
  });
  const reply = await receive(await app.request('/work'));
  expect(reply.ended).toBe('cut');
  expect(seen).toEqual([{ finalized: true, status: 418, held: false, error: 'tea' }]);
});

test('c.header, c.status and c.res of inner middleware after next() make the late answer', async () => {
  const app = heldApp();
  app.use(async (c, next) => {
    await next();
    c.header('Link', '</a>');
    c.header('Link', '</b>', { append: true });
  });
  app.use(async (c, next) => {
    await next();
    c.status(202);
    c.res = c.json({ wrapped: await c.res.json() });
    c.header('Content-Location', '/c');
  });
  app.get('/work', async (c) => {
    await held(c);
    return c.json(1);
  });
  const reply = await receive(await app.request('/work'));
  expect(readHeldJson(reply.body)).toMatchObject({
    lateHead: {
      status: 202,
      headers: [
        ['content-location', '/c'],
        ['link', '</a>, </b>'],
      ],
    },
    payload: '{"wrapped":1}',
  });
});

test('middleware that answers by itself late is heard', async () => {
  const app = heldApp();
  app.use(async (c) => {
    await held(c);
    return c.json({ by: 'middleware' }, 203);
  });
  app.get('/work', (c) => c.json({ by: 'handler' }));
  const reply = await receive(await app.request('/work'));
  expect(readHeldJson(reply.body)).toMatchObject({
    lateHead: { status: 203 },
    payload: '{"by":"middleware"}',
  });
});

test('code that has lost its async context uses the context as ever', async () => {
  const app = heldApp();
  // Such callbacks come from pools and emitters that were made before the request.
  const waiting: (() => void)[] = [];
  const pump = setInterval(() => {
    for (const callback of waiting.splice(0)) callback();
  }, 5);
  const elsewhere = <Result>(work: () => Result): Promise<Result> =>
    new Promise((resolve, reject) => {
      waiting.push(() => {
        try {
          resolve(work());
        } catch (error) {
          reject(error);
        }
      });
    });
  const seen: unknown[] = [];
  app.use(async (c, next) => {
    await next();
    await elsewhere(() => {
      seen.push(look(c));
      c.header('Link', '</late>');
    });
  });
  app.get('/work', async (c) => {
    await held(c);
    await elsewhere(() => {
      seen.push(c.finalized);
      c.header('Retry-After', '3');
      c.status(202);
    });
    return elsewhere(() => c.json({ done: true }));
  });
  const reply = await receive(await app.request('/work'));
  clearInterval(pump);
  expect(readHeldJson(reply.body)).toMatchObject({
    lateHead: {
      status: 202,
      headers: expect.arrayContaining([
        ['link', '</late>'],
        ['retry-after', '3'],
      ]),
    },
    payload: '{"done":true}',
  });
  expect(seen).toEqual([false, { finalized: true, status: 202, held: false, error: undefined }]);
});

test('a handler that goes on in the very moment of the commit is heard', async () => {
  for (let turns = 0; turns < 40; turns++) {
    let firstBeat = (): void => {};
    const beaten = new Promise<void>((resolve) => {
      firstBeat = resolve;
    });
    const app = new Hono();
    app.use(holdOpen({ ...QUICK, firstBeatMs: 5, format: 'json', onBeat: () => firstBeat() }));
    app.use(async (c, next) => {
      await next();
      c.header('Link', `</${c.res.status}>`);
    });
    app.get('/work', async (c) => {
      await beaten;
      for (let i = 0; i < turns; i++) await undefined;
      return c.json(turns, 201);
    });
    const reply = await receive(await app.request('/work'));
    expect(readHeldJson(reply.body)).toMatchObject({
      lateHead: { status: 201, headers: [['link', '</201>']] },
      payload: String(turns),
    });
  }
});

test('once Hono has its held response, nothing of ours is left on the context', async () => {
  let context: Context | undefined;
  const app = heldApp();
  app.get('/work', async (c) => {
    context = c;
    await held(c);
    await until('it is as it was', () => !Object.hasOwn(c, 'res'));
    return c.json(Object.getOwnPropertyDescriptor(c, 'finalized'));
  });
  const reply = await receive(await app.request('/work'));
  expect(JSON.parse(reply.body)).toEqual({
    value: false,
    writable: true,
    enumerable: true,
    configurable: true,
  });
  expect(context?.finalized).toBe(true);
  expect(context?.res.headers.has('holdopen')).toBe(false);
});

test('a fast answer leaves the context as it is', async () => {
  let context: Context | undefined;
  const answers: Response[] = [];
  const app = new Hono();
  app.use(holdOpen());
  app.get('/work', (c) => {
    context = c;
    const answer = c.json({});
    answers.push(answer);
    return answer;
  });
  expect(await app.request('/work')).toBe(answers[0]);
  expect(Object.hasOwn(context as Context, 'res')).toBe(false);
  expect(Object.getOwnPropertyDescriptor(context, 'finalized')).toMatchObject({ value: true });
});

test('middleware sees the event stream that it made, its client the one with beats', async () => {
  let own: Response | undefined;
  const app = new Hono();
  app.use(holdOpen(QUICK));
  const keep: MiddlewareHandler = async (c, next) => {
    await next();
    own = c.res;
  };
  app.get('/events', keep, () => {
    const body = new ReadableStream({
      async start(controller) {
        await new Promise((resolve) => setTimeout(resolve, 3 * QUICK.intervalMs));
        controller.enqueue(new TextEncoder().encode('data: 1\n\n'));
        controller.close();
      },
    });
    return new Response(body, { headers: { 'Content-Type': 'text/event-stream' } });
  });
  const response = await app.request('/events');
  expect(response).not.toBe(own);
  expect((await receive(response)).body).toMatch(
    /^: holdopen interval=60\n\n(: keepalive\n\n)*data: 1\n\n$/,
  );
});

test('an app within a handler is held by itself', async () => {
  const child = heldApp();
  child.get('/child', async (c) => {
    await held(c);
    return c.json({ child: true });
  });
  const app = heldApp();
  app.get('/work', async (c) => {
    const answer = await receive(await child.request('/child'));
    await held(c);
    return c.json({ answer: JSON.parse(answer.body), finalized: c.finalized });
  });
  const reply = await receive(await app.request('/work'));
  expect(JSON.parse(reply.body)).toEqual({ answer: { child: true }, finalized: false });
});

test('what the handler answers with is nothing: told, and cut', async () => {
  const outcomes: LateOutcome[] = [];
  const app = heldApp(outcomes);
  app.get('/work', (async (c: Context) => {
    await held(c);
  }) as never);
  const reply = await receive(await app.request('/work'));
  expect(reply.ended).toBe('cut');
  expect(outcomes).toMatchObject([{ ok: false, status: 500, code: 'handler_error' }]);
});
