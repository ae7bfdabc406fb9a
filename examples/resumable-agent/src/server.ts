// An agent server whose work outlives the connections that asked for it. Start as many processes as you
// like: they share their runs in Redis, so that a client can come back to any of them.
//
//   REDIS_URL=redis://localhost:6379 RUNS_SECRET=$(openssl rand -base64 32) PORT=3001 npx tsx src/server.ts
//   curl -N localhost:3001/stream -H 'authorization: Bearer demo' -H 'idempotency-key: my-first-key' \
//     -d '{"prompt":"hello"}'
import { drain, holdOpen } from '@holdopen/fetch';
import { createRedisStore } from '@holdopen/redis';
import { createRuns } from '@holdopen/runs';
import { serve } from '@hono/node-server';
import { book, think } from './agent.js';

const { PORT = '3000', REDIS_URL = 'redis://localhost:6379', RUNS_SECRET } = process.env;
// How soon work is called lost whose process died: after lease and grace.
const { LEASE_MS = '15000', GRACE_MS = '15000', DRAIN_MS = '30000' } = process.env;

/** Stands in for your sessions. */
const USERS = new Map([['Bearer demo', 'ada']]);
const userOf = (request: Request) => USERS.get(request.headers.get('authorization') ?? '');

const leaseMs = Number(LEASE_MS);
const store = createRedisStore({
  url: REDIS_URL,
  commandTimeoutMs: Math.min(4_000, Math.round(leaseMs / 4)),
});
const shared = {
  store,
  // The same in all processes.
  secret: RUNS_SECRET,
  leaseMs,
  graceMs: Number(GRACE_MS),
  authorize: userOf,
};
const runs = createRuns(shared);
// For work that may be done twice: its key starts it again after its process died.
const repeatableRuns = createRuns({ ...shared, onLost: 'rerun' });

/** One JSON document, after a slow tool. */
async function answerMessage(request: Request): Promise<Response> {
  const { prompt } = (await request.json()) as { prompt?: unknown };
  if (typeof prompt !== 'string') return new Response('prompt must be a text\n', { status: 400 });
  // The signal is the run's: it fires when the work is in vain, and not because a client has left.
  return Response.json(await book(prompt, request.signal));
}

/** An event for each token. */
function streamTokens(request: Request): Response {
  const body = ReadableStream.from(eventsOf(think(request.signal)));
  return new Response(body.pipeThrough(new TextEncoderStream()), {
    headers: { 'Content-Type': 'text/event-stream' },
  });
}

async function* eventsOf(tokens: AsyncIterable<string>): AsyncGenerator<string> {
  let index = 0;
  for await (const token of tokens) {
    yield `data: ${JSON.stringify({ index, token })}\n\n`;
    index += 1;
  }
}

const routes: Record<string, (request: Request) => Response | Promise<Response>> = {
  'POST /messages': holdOpen(answerMessage, { runs }),
  'POST /stream': holdOpen(streamTokens, { runs }),
  'POST /drafts': holdOpen(streamTokens, { runs: repeatableRuns }),
};

function answer(request: Request): Response | Promise<Response> {
  // `authorize` is asked only for runs, and a request without a key is none.
  if (userOf(request) === undefined) return new Response('Who are you?\n', { status: 401 });
  // /runs/<id>, its /events and its /result, for the runs of both: they are in the same store.
  const ofRuns = runs.match(request);
  if (ofRuns !== undefined) return ofRuns;
  const route = routes[`${request.method} ${new URL(request.url).pathname}`];
  return route?.(request) ?? new Response('There is nothing here.\n', { status: 404 });
}

const server = serve({ fetch: answer, port: Number(PORT) }, ({ port }) => {
  console.log(`Listening on http://localhost:${port}`);
});

// A deploy: takes no more connections, lets the work come to its end, and tells whoever still watches
// to come back, which is to another process then.
process.once('SIGTERM', async () => {
  const closed = new Promise((resolve) => server.close(resolve));
  const timeoutMs = Number(DRAIN_MS);
  await Promise.all([runs.drain({ timeoutMs }), repeatableRuns.drain({ timeoutMs })]);
  await Promise.all([runs.close(), repeatableRuns.close()]);
  await drain({ timeoutMs: 1_000 });
  await store.close();
  await closed;
});
