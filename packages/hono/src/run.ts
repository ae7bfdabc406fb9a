import { type RunsPort, serveRun, waitUntilOf } from '@holdopen/fetch';
import type { Context, Next } from 'hono';
import { inside } from './inside.js';
import { routeOf } from './route.js';
import { type HeldCall, splitForGood } from './split-context.js';

/**
 * In the place of `next()`: what comes behind is the work of a run, and the context's response becomes
 * what the run answers this client with.
 */
export async function answerFromRun(c: Context, next: Next, runs: RunsPort): Promise<void> {
  const request = await unread(c);
  const prepared = c.body(null, 200).headers;
  const call: HeldCall = { request, env: c.env };
  let isWorking = false;
  const work = async (given: Request, isOfRun: boolean): Promise<Response | undefined> => {
    if (!isOfRun) {
      await next();
      return undefined;
    }
    isWorking = true;
    c.req.raw = given;
    const answered = async (): Promise<Response> => {
      await next();
      return c.res;
    };
    try {
      return await (inside === undefined ? answered() : inside.run(call, answered));
    } finally {
      isWorking = false;
    }
  };
  const answer = await serveRun(
    runs,
    request,
    (given, hold) => {
      if (hold !== undefined) c.set('holdOpen', hold);
      return work(given, hold !== undefined);
    },
    {
      route: `${c.req.method} ${routeOf(c) ?? c.req.path}`,
      waitUntil: waitUntilOf([executionOf(c)]),
    },
  );
  if (answer === undefined) return;
  const own = withPrepared(answer, prepared);
  if (isWorking && inside !== undefined) {
    splitForGood(c, inside, call, own);
    return;
  }
  // Whatever the handler answered with is the run's; assigned over it, its headers would be mixed in.
  c.res = undefined;
  c.res = own;
}

/** What was read before, as a validator does, is read again for the run. */
async function unread(c: Context): Promise<Request> {
  const { raw } = c.req;
  if (!raw.bodyUsed) return raw;
  const { method, headers, signal } = raw;
  return new Request(raw.url, { method, headers, signal, body: await c.req.arrayBuffer() });
}

function executionOf(c: Context): unknown {
  try {
    return c.executionCtx;
  } catch {
    // There is none on this runtime.
    return undefined;
  }
}

/** Headers of middleware around, CORS above all, belong to this answer and not to the run. */
function withPrepared(answer: Response, prepared: Headers): Response {
  const headers = new Headers(answer.headers);
  for (const [name, value] of prepared) {
    if (name === 'vary' || name === 'set-cookie') headers.append(name, value);
    else if (!headers.has(name)) headers.set(name, value);
  }
  const { status, statusText } = answer;
  return new Response(answer.body, { status, statusText, headers });
}
