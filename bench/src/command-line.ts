import { parseArgs } from 'node:util';
import { DEFAULT_SITE, type Site } from './capacity.js';
import type { Plan } from './figure.js';

export interface CommandLine {
  readonly names: readonly string[];
  readonly plan: Omit<Plan, 'leaveOut'>;
  /** Whether the figures go into the repository's pages. */
  readonly writes: boolean;
  /** Nothing is measured: the pages are written from what was. */
  readonly rendersOnly: boolean;
  readonly out: string | undefined;
  /** What `--capacity` asks about: nothing is measured. */
  readonly site: Site | undefined;
}

const CONNECTIONS = [1_000, 10_000, 19_500];
const QUICK_CONNECTIONS = [200];

export const HELP = (names: readonly string[]): string => `npm run bench -- [options]
  --only NAME         ${names.join(', ')}; may be repeated
  --quick             tiny sizes: shows that it runs, proves nothing
  --connections N,…   of the idle benchmark (default ${CONNECTIONS.join(',')}); not written down
  --write             puts the figures into bench/results, docs/performance.md and docs/capacity.md;
                      a run of everything does so by itself
  --no-write          a run of everything does not
  --render            measures nothing: writes the two pages from bench/results
  --out FILE          writes the figures as JSON

npm run bench -- --capacity N [options]      what it takes to hold N responses, from what was measured
  --interval MS       between two beats (default ${DEFAULT_SITE.intervalMs})
  --cores N           of a machine (default ${DEFAULT_SITE.coresPerMachine})
  --memory-gb N       of a machine (default ${DEFAULT_SITE.memoryGbPerMachine})
  --descriptors N     ulimit -n of a process (default ${DEFAULT_SITE.descriptors})
`;

/** Throws with what is wrong and what is right. */
export function readCommandLine(
  args: readonly string[],
  known: readonly string[],
): CommandLine | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', multiple: true },
      quick: { type: 'boolean', default: false },
      connections: { type: 'string' },
      write: { type: 'boolean' },
      render: { type: 'boolean', default: false },
      out: { type: 'string' },
      capacity: { type: 'string' },
      interval: { type: 'string' },
      cores: { type: 'string' },
      'memory-gb': { type: 'string' },
      descriptors: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
    allowNegative: true,
  });
  if (values.help) return 'help';
  const names = values.only ?? known;
  for (const name of names) {
    if (!known.includes(name))
      throw new Error(`--only takes one of ${known.join(', ')}, not ${name}`);
  }
  const { quick } = values;
  if (quick && values.write === true) {
    throw new Error('--quick measures nothing worth writing down: leave out --write or --quick');
  }
  if (values.write === true && values.connections !== undefined) {
    throw new Error(
      '--connections is for trying: what is written down is measured with the usual numbers. Leave out --write or --connections',
    );
  }
  const usual = quick ? QUICK_CONNECTIONS : CONNECTIONS;
  return {
    names,
    plan: {
      quick,
      connections:
        values.connections === undefined
          ? usual
          : values.connections.split(',').map((one) => whole('connections', one)),
      say: (text) => process.stderr.write(`${text}\n`),
    },
    writes:
      values.write ?? (values.only === undefined && values.connections === undefined && !quick),
    rendersOnly: values.render,
    out: values.out,
    site:
      values.capacity === undefined
        ? undefined
        : {
            responses: whole('capacity', values.capacity),
            intervalMs: whole('interval', values.interval, DEFAULT_SITE.intervalMs),
            coresPerMachine: whole('cores', values.cores, DEFAULT_SITE.coresPerMachine),
            memoryGbPerMachine: whole(
              'memory-gb',
              values['memory-gb'],
              DEFAULT_SITE.memoryGbPerMachine,
            ),
            descriptors: whole('descriptors', values.descriptors, DEFAULT_SITE.descriptors),
          },
  };
}

function whole(option: string, given: string | undefined, usual?: number): number {
  if (given === undefined && usual !== undefined) return usual;
  const value = Number(given);
  if (!Number.isInteger(value) || value < 1) {
    throw new Error(`--${option} takes a whole number above 0, not ${given}`);
  }
  return value;
}
