// Hono apps for a runtime that is not the one of the tests. Says its ports, then what it sees.
import { getHold, holdOpen } from '@holdopen/hono';
import { Hono } from 'hono';
import { cors } from 'hono/cors';
import { etag } from 'hono/etag';
import { streamSSE } from 'hono/streaming';

const say = (what) => console.log(JSON.stringify(what));
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const QUICK = { firstBeatMs: 20, intervalMs: 60, format: 'json', onLateOutcome() {} };

async function held(c) {
  const hold = getHold(c);
  for (let i = 0; hold.state !== 'held' && i < 400; i++) await sleep(5);
  if (hold.state !== 'held') throw new Error(`never held, but ${hold.state}`);
}

function routes(app) {
  app.use(cors({ origin: 'http://page.example' }));
  app.use(async (c, next) => {
    await next();
    say({ path: c.req.path, status: c.res.status, error: c.error?.message });
  });
  app.get('/fast', (c) => c.json({ fast: true }, 203));
  app.get('/json', async (c) => {
    await held(c);
    await sleep(150);
    return c.json({ a: 'ü' });
  });
  app.get('/created', async (c) => {
    await held(c);
    return c.json({ id: 7 }, 201, { Location: '/7' });
  });
  app.get('/422', async (c) => {
    await held(c);
    return c.json({ why: 'late' }, 422);
  });
  app.get('/thrown', async (c) => {
    await held(c);
    throw new Error('late');
  });
  app.get('/events', (c) =>
    streamSSE(c, async (events) => {
      await events.writeSSE({ data: '1' });
      await sleep(250);
      await events.writeSSE({ data: '2' });
    }),
  );
  app.get('/etag', etag(), async (c) => {
    await held(c);
    return c.json({ seen: c.req.header('If-None-Match') ?? null }, 200, { ETag: '"v1"' });
  });
  app.get('/wait', async (c) => {
    const hold = getHold(c);
    hold.signal.addEventListener('abort', () => {
      say({ aborted: hold.signal.reason.code, state: hold.state });
    });
    await held(c);
    await sleep(5_000);
    return c.json({});
  });
  app.get('/at/:id', async (c) => {
    await held(c);
    return c.json({ id: c.req.param('id') });
  });
  app.onError((error, c) => c.json({ code: error.code, message: error.message }, 500));
  return app;
}

const first = new Hono();
first.use(holdOpen(QUICK));
routes(first);

const second = new Hono();
second.use(async (_c, next) => {
  await next();
});
second.use(holdOpen(QUICK));
routes(second);

const wrapped = holdOpen(routes(new Hono()), QUICK);

/** Silent for longer than Bun's idle time-out by itself would allow. */
const patient = new Hono();
patient.use(holdOpen({ firstBeatMs: 7_000, intervalMs: 8_000, format: 'json' }));
patient.get('/', async (c) => {
  const start = performance.now();
  for (let i = 0; getHold(c).state !== 'held' && i < 1_000; i++) await sleep(20);
  return c.json({ heldAfterMs: performance.now() - start });
});

async function serve(app) {
  if (globalThis.Bun !== undefined) {
    const options = { port: 0, hostname: '127.0.0.1', idleTimeout: 5 };
    return Bun.serve({ ...options, fetch: app.fetch }).port;
  }
  if (globalThis.Deno !== undefined) {
    return Deno.serve({ port: 0, hostname: '127.0.0.1', onListen() {} }, app.fetch).addr.port;
  }
  const { createAdaptorServer } = await import('@hono/node-server');
  const server = createAdaptorServer(app);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server.address().port;
}

say({
  first: await serve(first),
  second: await serve(second),
  wrapped: await serve(wrapped),
  patient: await serve(patient),
});
