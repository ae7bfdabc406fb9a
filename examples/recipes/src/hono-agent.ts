// An agent server in Hono: a turn takes minutes, and its caller waits for one JSON document. The same
// file runs on Node and on Bun, which would close a silent connection after 10 s by itself.
//
//   npx tsx examples/recipes/src/hono-agent.ts        bun examples/recipes/src/hono-agent.ts
//   curl -N localhost:3000/session/demo/message -H 'content-type: application/json' \
//     -d '{"prompt":"hello"}'                         (the prompt "fail" fails after the work)
import { setTimeout as sleep } from 'node:timers/promises';
import { holdOpen } from '@holdopen/hono';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { validator } from 'hono/validator';

const { PORT = '3000', HOLD_INTERVAL_MS = '8000', WORK_MS = '20000' } = process.env;

const app = new Hono().post(
  '/session/:id/message',
  // On runtimes other than Node it must be the very first middleware.
  holdOpen({ intervalMs: Number(HOLD_INTERVAL_MS) }),
  validator('json', (body: { prompt?: unknown }) => {
    if (typeof body.prompt === 'string') return { prompt: body.prompt };
    throw new HTTPException(400, { message: 'prompt must be a string' });
  }),
  async (c) => {
    const id = c.req.param('id');
    if (id !== 'demo') throw new HTTPException(404, { message: `there is no session ${id}` });
    const { prompt } = c.req.valid('json');
    // The signal fires when the caller leaves, and at a shutdown.
    const text = await runAgent(prompt, c.get('holdOpen').signal);
    return c.json({ role: 'assistant', text });
  },
);

export type AgentServer = typeof app;

/** Stands in for the model and its tools. */
async function runAgent(prompt: string, signal: AbortSignal): Promise<string> {
  await sleep(Number(WORK_MS), undefined, { signal });
  if (prompt === 'fail') throw new HTTPException(502, { message: 'the model hung up' });
  return `You said: ${prompt}`;
}

if (typeof Bun === 'undefined') {
  serve({ fetch: app.fetch, port: Number(PORT) }, ({ port }) => {
    console.log(`Listening on http://localhost:${port}`);
  });
} else {
  const server = Bun.serve({ fetch: app.fetch, port: Number(PORT) });
  console.log(`Listening on http://localhost:${server.url.port}`);
}
