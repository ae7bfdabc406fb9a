import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { adapters } from './adapters.js';
import { armDisarm } from './arm-disarm.js';
import { client } from './client/client.js';
import { eventStream } from './event-stream.js';
import { fastPath } from './fast-path.js';
import { type Figure, type Plan, table, verdict } from './figure.js';
import { idle } from './idle.js';
import { observe } from './observe/observe.js';
import { proxy } from './proxy/proxy.js';
import { runs } from './runs/runs.js';
import { tracking } from './tracking.js';

const BENCHMARKS: Readonly<Record<string, (plan: Plan) => Figure[] | Promise<Figure[]>>> = {
  'arm-disarm': armDisarm,
  tracking,
  'fast-path': fastPath,
  'event-stream': eventStream,
  adapters,
  idle,
  runs,
  client,
  proxy,
  observe,
};
const NAMES = Object.keys(BENCHMARKS).join(', ');

const HELP = `npm run bench -- [options]
  --only NAME         ${NAMES}; may be repeated
  --quick             tiny sizes: shows that it runs, proves nothing
  --connections N     of the idle benchmark (default 10000)
  --out FILE          writes the figures as JSON
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true },
      quick: { type: 'boolean', default: false },
      connections: { type: 'string' },
      out: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const plan: Plan = {
    quick: values.quick,
    connections: Number(values.connections ?? (values.quick ? 200 : 10_000)),
    say: (text) => process.stderr.write(`${text}\n`),
  };
  if (!Number.isInteger(plan.connections) || plan.connections < 1) {
    throw new Error(`--connections takes a whole number, not ${values.connections}`);
  }
  const names = values.only ?? Object.keys(BENCHMARKS);
  const figures: Figure[] = [];
  const loadBefore = loadavg()[0] ?? 0;
  for (const name of names) {
    const benchmark = BENCHMARKS[name];
    if (benchmark === undefined) throw new Error(`--only takes one of ${NAMES}, not ${name}`);
    plan.say(`${name} …`);
    figures.push(...(await benchmark(plan)));
  }

  const machine = `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, load average ${loadBefore.toFixed(2)} before`;
  process.stdout.write(`\n${table(figures)}\n\n${machine}\n`);
  if (plan.quick) process.stdout.write('--quick: the sizes are too small for these to mean much\n');
  if (values.out !== undefined) {
    const result = {
      date: new Date().toISOString(),
      machine,
      quick: plan.quick,
      figures: figures.map((figure) => ({ ...figure, verdict: verdict(figure) })),
    };
    writeFileSync(values.out, `${JSON.stringify(result, null, 2)}\n`);
  }
}

try {
  await main();
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? (error.stack ?? error) : error}\n`);
  process.exitCode = 1;
}
