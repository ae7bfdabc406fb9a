// Tasks that outlive their connections, the page that shows them, and a login that expires.
//
//   REDIS_URL=redis://localhost:6379 SECRET=$(openssl rand -base64 32) PORT=3000 npx tsx src/server/server.ts

import { drain, holdOpen } from '@holdopen/hono';
import { createRedisStore } from '@holdopen/redis';
import { type Authorize, createMemoryStore, createRuns } from '@holdopen/runs';
import { createAdaptorServer } from '@hono/node-server';
import { serveStatic } from '@hono/node-server/serve-static';
import { Hono } from 'hono';
import { csrf } from 'hono/csrf';
import { secureHeaders } from 'hono/secure-headers';
import { readOrder, type TaskEvent, work } from './agent.js';
import { cutter, faults } from './faults.js';
import { Sessions } from './sessions.js';

const {
  PORT = '3000',
  HOST = '127.0.0.1',
  REDIS_URL,
  SECRET = 'only for this example',
} = process.env;
const { LEASE_MS = '5000', GRACE_MS = '3000', DRAIN_MS = '600000' } = process.env;
const { SESSION_MS = '120000', TOKEN_MS = '3600000', INTERVAL_MS } = process.env;
const { PAGE_FOLDER = new URL('../../dist', import.meta.url).pathname } = process.env;

const sessions = new Sessions(SECRET, Number(SESSION_MS));

/**
 * A login may do everything with its own tasks. When it has expired, the token that came with a task
 * still lets the page watch it: what runs for an hour should not be lost to a login of ten minutes.
 * Nothing is started or stopped by it.
 */
const authorize: Authorize = async (request, { action, run, token }) => {
  const session = await sessions.of(request);
  if (session !== undefined) return { principal: session.user, expiresAt: session.expiresAt };
  const isWatching = action === 'read' || action === 'attach';
  if (isWatching && run !== undefined && token !== undefined) {
    return { principal: run.principal, expiresAt: token.expiresAt };
  }
  return new Response('Sign in.\n', { status: 401 });
};

const store = REDIS_URL === undefined ? createMemoryStore() : createRedisStore({ url: REDIS_URL });
const runs = createRuns({
  store,
  authorize,
  // The same in all processes.
  secret: SECRET,
  leaseMs: Number(LEASE_MS),
  graceMs: Number(GRACE_MS),
  tokenTtlMs: Number(TOKEN_MS),
});
const intervalMs = INTERVAL_MS === undefined ? undefined : Number(INTERVAL_MS);

const NEVER_KEPT = { 'Cache-Control': 'no-store' };

const app = new Hono();
const server = createAdaptorServer({ fetch: app.fetch });

// Whatever a page of another origin could send without asking.
app.use(csrf());
app.get('/session', async (c) => {
  const session = await sessions.of(c.req.raw);
  return c.json({ ...session, now: Date.now() }, 200, NEVER_KEPT);
});
app.post('/session', async (c) => {
  const given: { user?: unknown } | null = await c.req.json().catch(() => null);
  const session = await sessions.begin(c, given?.user);
  if (session === undefined) return c.text('A name has letters, digits and "-".\n', 400);
  return c.json({ ...session, now: Date.now() }, 200, NEVER_KEPT);
});

app.post('/tasks', holdOpen({ runs, intervalMs }), async (c) => {
  const order = readOrder(await c.req.json().catch(() => undefined));
  if (order === undefined) return c.text('This is no order.\n', 400);
  // The signal is the run's: it fires when somebody stops the task, and not because a page is closed.
  const { id, attempt, signal } = c.get('holdOpen');
  const events = eventsOf({ id, attempt, order }, work(order, signal));
  // Not streamSSE: it keeps errors to itself, so that a task that failed would count as completed.
  const body = ReadableStream.from(events).pipeThrough(new TextEncoderStream());
  return c.body(body, { headers: { 'Content-Type': 'text/event-stream' } });
});

async function* eventsOf(task: object, steps: AsyncIterable<TaskEvent>): AsyncGenerator<string> {
  yield `event: task\ndata: ${JSON.stringify(task)}\n\n`;
  for await (const step of steps) yield `event: step\ndata: ${JSON.stringify(step)}\n\n`;
}

// /runs, and of each of them its state, its events, and how it is stopped.
app.all('/runs/*', (c) => runs.fetch(c.req.raw));
app.route('/faults', faults(sessions, cutter(server as import('node:net').Server)));
app.use(secureHeaders({ contentSecurityPolicy: { defaultSrc: ["'self'"], imgSrc: ['data:'] } }));
app.use(serveStatic({ root: PAGE_FOLDER }));

server.listen(Number(PORT), HOST, () => console.log(`Listening on http://localhost:${PORT}`));

// A deploy: takes no more connections, tells whoever watches to come back, which is to the next process,
// and ends when its tasks have ended.
process.once('SIGTERM', async () => {
  const closed = new Promise((resolve) => server.close(resolve));
  console.log('Draining');
  await runs.drain({ timeoutMs: Number(DRAIN_MS) });
  await runs.close();
  await drain({ timeoutMs: 1_000 });
  await store.close();
  if ('closeIdleConnections' in server) server.closeIdleConnections();
  await closed;
});
