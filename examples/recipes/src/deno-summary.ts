// A handler for Deno.serve. The same handler goes into Bun.serve and into the `fetch` of a Worker.
// Without leave to read HOLDOPEN there is no switch in the environment; all else works.
//
//   deno run --allow-net --allow-env examples/recipes/src/deno-summary.ts
//   curl -N localhost:3000/summary -d 'A long text. With two sentences.'
//                                                     (a text with "fail" in it fails after the work)
import { setTimeout as sleep } from 'node:timers/promises';
import { getHold, holdOpen } from '@holdopen/fetch';

const numberFrom = (name: string, byDefault: number) => Number(Deno.env.get(name) ?? byDefault);

async function summary(request: Request): Promise<Response> {
  if (new URL(request.url).pathname !== '/summary') {
    return Response.json({ error: 'there is only /summary' }, { status: 404 });
  }
  const text = await request.text();
  if (text.trim() === '') return Response.json({ error: 'the text is empty' }, { status: 400 });
  return Response.json(await summarize(text, getHold(request).signal));
}

/** Stands in for a model that runs on this machine. */
async function summarize(text: string, signal: AbortSignal) {
  await sleep(numberFrom('WORK_MS', 20_000), undefined, { signal });
  if (text.includes('fail')) throw new Error('out of memory');
  return { summary: text.split('.')[0], words: text.split(/\s+/).length };
}

Deno.serve(
  {
    port: numberFrom('PORT', 3_000),
    onListen: ({ port }) => console.log(`Listening on http://localhost:${port}`),
  },
  holdOpen(summary, { intervalMs: numberFrom('HOLD_INTERVAL_MS', 8_000) }),
);
