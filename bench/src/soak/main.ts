// `npm run soak -- --minutes N`: held documents and event streams for as long as you like, over every adapter, through
// nginx and through a path that breaks. What came must be right, and what a process holds must stay as it is.
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Counts } from './counts.js';
import { report } from './report.js';
import { type Sample, trends } from './samples.js';
import { Scene } from './scene.js';
import { MAX_SILENT_MS, nextTask, pick } from './task.js';
import { visit } from './visit.js';

const HELP = `npm run soak -- [options]
  --minutes N   how long (default 1)
  --clients N   how many at once (default 200)
  --seed N      of the faults (default: by chance)
  --out FILE    writes samples and figures as JSON
`;

interface Plan {
  readonly minutes: number;
  readonly clients: number;
  readonly seed: number | undefined;
  readonly out: string | undefined;
}

function readPlan(): Plan | undefined {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '1' },
      clients: { type: 'string', default: '200' },
      seed: { type: 'string' },
      out: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const number = (name: 'minutes' | 'clients' | 'seed'): number => {
    const value = Number(values[name]);
    if (value > 0) return value;
    throw new Error(`--${name} takes a number above 0, not ${values[name]}`);
  };
  return {
    minutes: number('minutes'),
    clients: number('clients'),
    seed: values.seed === undefined ? undefined : number('seed'),
    out: values.out,
  };
}

async function soak(scene: Scene, { minutes, clients, out }: Plan): Promise<void> {
  const counts = new Counts();
  const samples: Sample[] = [];
  const endMs = performance.now() + minutes * 60_000;
  await Promise.all([
    watch(scene, samples, endMs),
    ...Array.from({ length: clients }, () => live(scene, counts, endMs)),
  ]);
  // What clients have left behind is over by now, and so are the silences of its handlers.
  await sleep(MAX_SILENT_MS * 2);
  const after = await scene.sample();
  const { text, isWell } = report({ trends: trends(samples), counts, after });
  process.stdout.write(`${clients} clients for ${minutes} minutes\n\n${text}`);
  if (out !== undefined) {
    const result = { counts: counts.entries(), trends: trends(samples), after, samples };
    const when = { date: new Date().toISOString(), node: process.version, minutes, clients };
    writeFileSync(out, `${JSON.stringify({ ...when, ...result }, null, 1)}\n`);
  }
  process.exitCode = isWell ? 0 : 1;
}

async function watch(scene: Scene, samples: Sample[], endMs: number): Promise<void> {
  const everyMs = Math.max(1_000, (endMs - performance.now()) / 120);
  while (performance.now() < endMs) {
    await sleep(everyMs);
    samples.push(...(await scene.sample()));
    const leftSeconds = Math.max(0, Math.round((endMs - performance.now()) / 1_000));
    process.stderr.write(`${leftSeconds} s left\n`);
  }
}

/** One client after the other. */
async function live(scene: Scene, counts: Counts, endMs: number): Promise<void> {
  while (performance.now() < endMs) {
    const { adapter, path, url } = pick(scene.places);
    const behaviour = pick(['reads', 'reads', 'slow', 'leaves'] as const);
    const task = nextTask();
    const leavesAfterMs = Math.random() * MAX_SILENT_MS;
    const { ending, matter } = await visit({ url, task, behaviour, leavesAfterMs });
    counts.add(adapter, path, task, ending, matter);
  }
}

try {
  const plan = readPlan();
  if (plan === undefined) process.stdout.write(HELP);
  else {
    const scene = await Scene.open(plan.seed);
    try {
      await soak(scene, plan);
    } finally {
      await scene.close();
    }
  }
} catch (error) {
  process.stderr.write(`soak: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 2;
}
