import { type RunsPort, serveRun, waitUntilOf } from '@holdopen/fetch';
import type { Context, Next } from 'hono';
import { inside } from './inside.js';
import { routeOf } from './route.js';
import { type HeldCall, separateWork } from './split-context.js';

/**
 * In the place of `next()`: what comes behind is the work of a run, and the context's response becomes
 * what the run answers this client with. The two share a context and nothing of its response: middleware
 * around may answer, time out or throw while the work goes on.
 */
export async function answerFromRun(c: Context, next: Next, runs: RunsPort): Promise<void> {
  const { raw } = c.req;
  // What middleware has prepared belongs to this answer and not to the run: CORS above all.
  const prepared = c.body(null, 200).headers;
  const call: HeldCall = { request: raw, env: c.env };
  const work = async (given: Request): Promise<Response | undefined> => {
    if (inside === undefined) {
      await next();
      return c.finalized ? c.res : undefined;
    }
    separateWork(c, inside, call, given);
    return inside.run(call, async () => {
      await next();
      return c.finalized ? c.res : undefined;
    });
  };
  const answer = await serveRun<Promise<Response | undefined>>(
    runs,
    raw,
    async (given, hold) => {
      if (hold !== undefined) {
        c.set('holdOpen', hold);
        return work(given);
      }
      await next();
      return undefined;
    },
    {
      route: `${c.req.method} ${routeOf(c) ?? c.req.path}`,
      parsed: await parsedBefore(c),
      waitUntil: waitUntilOf([executionOf(c)]),
    },
  );
  if (answer !== undefined) c.res = withPrepared(answer, prepared);
}

/** What was read by Hono's own means before, as a validator does. */
async function parsedBefore(c: Context): Promise<{ value: string } | undefined> {
  if (!c.req.raw.bodyUsed) return undefined;
  try {
    return { value: await c.req.text() };
  } catch {
    // Somebody has read it past Hono. Only a request that wants a run is in need of it.
    return undefined;
  }
}

function executionOf(c: Context): unknown {
  try {
    return c.executionCtx;
  } catch {
    // There is none on this runtime.
    return undefined;
  }
}

function withPrepared(answer: Response, prepared: Headers): Response {
  const headers = new Headers(answer.headers);
  for (const [name, value] of prepared) {
    if (name === 'vary' || name === 'set-cookie') headers.append(name, value);
    else if (!headers.has(name)) headers.set(name, value);
  }
  // Handlers in Hono name no length, so that middleware around may put another body in its place.
  headers.delete('content-length');
  const { status, statusText } = answer;
  return new Response(answer.body, { status, statusText, headers });
}
