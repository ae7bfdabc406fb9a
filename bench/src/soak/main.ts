// `npm run soak -- --minutes N`: held documents and event streams for as long as you like, over every adapter, through
// nginx and through a path that breaks. What came must be right, and what a process holds must stay as it is.
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { commit } from '../commit.js';
import { MACHINE } from '../machine.js';
import { HELP, readSoakPlan, type SoakPlan } from './command-line.js';
import { Counts } from './counts.js';
import { report } from './report.js';
import { SOAK_FILE, SOAK_PAGE, type SoakResult, storeSoak } from './result.js';
import { type Sample, trends } from './samples.js';
import { Scene } from './scene.js';
import { MAX_SILENT_MS, nextTask, pick } from './task.js';
import { visit } from './visit.js';

async function soak(scene: Scene, { minutes, clients, seed, out, writes }: SoakPlan) {
  const commitAtStart = commit();
  const counts = new Counts();
  const samples: Sample[] = [];
  const endMs = performance.now() + minutes * 60_000;
  await Promise.all([
    watch(scene, samples, endMs),
    ...Array.from({ length: clients }, () => live(scene, counts, endMs)),
  ]);
  // What clients have left behind is over by now, and so are the silences of its handlers.
  await sleep(MAX_SILENT_MS * 2);
  const ofSeed = seed === undefined ? '' : ` --seed ${seed}`;
  const result: SoakResult = {
    date: new Date().toISOString(),
    node: process.versions.node,
    machine: MACHINE,
    ...(commitAtStart !== undefined && { commit: commitAtStart }),
    command: `npm run soak -- --minutes ${minutes} --clients ${clients}${ofSeed}`,
    minutes,
    clients,
    visits: counts.entries(),
    trends: trends(samples, minutes),
    after: await scene.sample(),
  };
  const { text, isWell } = report(result);
  process.stdout.write(`${clients} clients for ${minutes} minutes\n\n${text}`);
  if (out !== undefined) {
    writeFileSync(out, `${JSON.stringify({ ...result, samples }, null, 1)}\n`);
  }
  if (writes) storeSoak(result, SOAK_FILE, SOAK_PAGE);
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

/** Whoever interrupts us is left with no nginx and no folder of one. */
function endOnSignals(scene: Scene): void {
  for (const [signal, exitCode] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    process.once(signal, () => void scene.close().finally(() => process.exit(exitCode)));
  }
}

try {
  const plan = readSoakPlan(process.argv.slice(2));
  if (plan === 'help') process.stdout.write(HELP);
  else {
    const scene = await Scene.open(plan.seed);
    endOnSignals(scene);
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
