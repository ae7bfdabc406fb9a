// A route handler of Next.js, to be put into app/api/agents/[name]/route.ts. It is a function from a
// Request to a Response, so SvelteKit (+server.ts), Astro, React Router and Workers take it as well.
//
//   npx tsx examples/recipes/test/support/next-host.ts      (serves it without Next.js)
//   curl -N localhost:3000/api/agents/poet -d '{"task":"a haiku"}'
//                                                     (the task "fail" fails after the work)
import { setTimeout as sleep } from 'node:timers/promises';
import { getHold, holdOpen } from '@holdopen/fetch';

const { HOLD_INTERVAL_MS = '8000', WORK_MS = '20000' } = process.env;

interface RouteContext {
  readonly params: Promise<{ readonly name: string }>;
}

// A total limit of the platform. No beat extends it, so give it what the work needs.
export const maxDuration = 800;

export const POST = holdOpen(
  async (request: Request, { params }: RouteContext) => {
    const { name } = await params;
    if (name !== 'poet') return Response.json({ error: `no agent ${name}` }, { status: 404 });
    const { task } = (await request.json()) as { task?: unknown };
    if (typeof task !== 'string') return Response.json({ error: 'no task' }, { status: 400 });
    return Response.json({ name, result: await work(task, getHold(request).signal) });
  },
  {
    intervalMs: Number(HOLD_INTERVAL_MS),
    // Those of the Response come too late for the head of a held answer.
    headers: () => ({ 'Access-Control-Allow-Origin': 'https://app.example' }),
  },
);

/** Stands in for an agent. */
async function work(task: string, signal: AbortSignal): Promise<string> {
  await sleep(Number(WORK_MS), undefined, { signal });
  if (task === 'fail') throw new Error('the muse has left');
  return `Here is ${task}.`;
}
