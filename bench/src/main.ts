import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import { adapters } from './adapters.js';
import { armDisarm } from './arm-disarm.js';
import { measuredOf } from './capacity.js';
import { client } from './client/client.js';
import { type CommandLine, HELP, readCommandLine } from './command-line.js';
import { commit } from './commit.js';
import { eventStream } from './event-stream.js';
import { fastPath } from './fast-path.js';
import { type Figure, type Plan, table, verdict } from './figure.js';
import { idle } from './idle.js';
import { MACHINE } from './machine.js';
import { observe } from './observe/observe.js';
import { capacityText } from './page/capacity-tables.js';
import { writePages } from './page/pages.js';
import { PLACES } from './page/places.js';
import { type Result, readResults, storeResult } from './page/result.js';
import { peers } from './peers/peers.js';
import { busySince, processorTicks } from './processors.js';
import { proxy } from './proxy/proxy.js';
import { runs } from './runs/runs.js';
import { tracking } from './tracking.js';

const BENCHMARKS: Readonly<Record<string, (plan: Plan) => Figure[] | Promise<Figure[]>>> = {
  'arm-disarm': armDisarm,
  tracking,
  'fast-path': fastPath,
  'event-stream': eventStream,
  adapters,
  peers,
  idle,
  runs,
  client,
  proxy,
  observe,
};
const NAMES = Object.keys(BENCHMARKS);

/** At the start: what changes meanwhile is not what is measured. */
const COMMIT = commit();
/** For so long it is looked whether others use the machine. */
const QUIET_MS = 1_000;
const MOST_BUSY = 0.1;

async function main(): Promise<void> {
  const asked = readCommandLine(process.argv.slice(2), NAMES);
  if (asked === 'help') process.stdout.write(HELP(NAMES));
  else if (asked.site !== undefined) sayCapacity(asked.site);
  else if (asked.rendersOnly) writePages(PLACES);
  else await measure(asked);
}

async function measure({ names, plan, writes, out }: CommandLine): Promise<void> {
  const results: Result[] = [];
  for (const name of names) {
    try {
      const result = await measureOne(name, plan);
      results.push(result);
      if (writes) storeResult(PLACES.results, result);
    } catch (error) {
      // The others are no worse for it.
      complain(`${name} broke: ${inspect(error)}`);
    }
  }
  if (writes) writePages(PLACES);

  const figures = results.flatMap((result) => result.figures);
  const load = results[0]?.loadBefore.toFixed(2);
  process.stdout.write(
    `\n${table(figures)}\n\nNode ${process.version}, ${MACHINE}, load average ${load} before\n`,
  );
  if (plan.quick) process.stdout.write('--quick: the sizes are too small for these to mean much\n');
  if (out !== undefined) {
    const judged = results.map((result) => ({
      ...result,
      quick: plan.quick,
      figures: result.figures.map((figure) => ({ ...figure, verdict: verdict(figure) })),
    }));
    writeFileSync(out, `${JSON.stringify(judged, null, 2)}\n`);
  }
}

async function measureOne(name: string, plan: CommandLine['plan']): Promise<Result> {
  const benchmark = BENCHMARKS[name];
  if (benchmark === undefined) throw new Error(`there is no benchmark ${name}`);
  const loadBefore = loadavg()[0] ?? 0;
  const ticks = processorTicks();
  await sleep(QUIET_MS);
  const busyBefore = busySince(ticks);
  if (busyBefore > MOST_BUSY) {
    const percent = Math.round(busyBefore * 100);
    plan.say(`${name}: others keep ${percent} % of the processors busy: do not trust the figures`);
  }
  const startMs = performance.now();
  plan.say(`${name} …`);
  const leftOut: string[] = [];
  const leaveOut = (text: string): void => {
    leftOut.push(text);
    plan.say(`${name}: without ${text}`);
  };
  const figures = await benchmark({ ...plan, leaveOut });
  const seconds = (performance.now() - startMs) / 1_000;
  plan.say(`${name}: ${seconds.toFixed(0)} s`);
  return {
    benchmark: name,
    date: new Date().toISOString(),
    seconds,
    command: `npm run bench -- --only ${name} --write`,
    node: process.versions.node,
    machine: MACHINE,
    loadBefore,
    busyBefore,
    ...(leftOut.length > 0 && { leftOut }),
    ...(COMMIT !== undefined && { commit: COMMIT }),
    figures,
  };
}

function sayCapacity(site: NonNullable<CommandLine['site']>): void {
  const result = readResults(PLACES.results).get('idle');
  if (result === undefined) {
    throw new Error('nothing was measured yet: run npm run bench -- --only idle --write first');
  }
  process.stdout.write(capacityText(site, measuredOf(result)));
}

// Not the usual end of a signal, which would leave behind the programs and folders that are removed at the exit.
process.once('SIGINT', () => process.exit(130)).once('SIGTERM', () => process.exit(143));
try {
  await main();
} catch (error) {
  complain(error instanceof Error ? error.message : String(error));
}

function complain(what: string): void {
  process.stderr.write(`bench: ${what}\n`);
  process.exitCode = 1;
}
