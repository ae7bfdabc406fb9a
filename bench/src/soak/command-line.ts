import { parseArgs } from 'node:util';

export const HELP = `npm run soak -- [options]
  --minutes N   how long (default 1)
  --clients N   how many at once (default 200)
  --seed N      of the faults (default: by chance)
  --write       puts what came out into bench/results/soak and docs/soak.md; an hour at least
  --out FILE    writes samples and figures as JSON
`;

export interface SoakPlan {
  readonly minutes: number;
  readonly clients: number;
  readonly seed: number | undefined;
  readonly writes: boolean;
  readonly out: string | undefined;
}

const LEAST_MINUTES_TO_WRITE = 60;
/** A week: a timer of Node takes no more than 24 days. */
const MOST_MINUTES = 10_080;

/** Throws with what is wrong and what is right. */
export function readSoakPlan(args: readonly string[]): SoakPlan | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '1' },
      clients: { type: 'string', default: '200' },
      seed: { type: 'string' },
      write: { type: 'boolean', default: false },
      out: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const minutes = Number(values.minutes);
  if (!(minutes > 0 && minutes <= MOST_MINUTES)) {
    throw new Error(
      `--minutes takes a number above 0 and at most ${MOST_MINUTES}, not ${values.minutes}`,
    );
  }
  if (values.write && minutes < LEAST_MINUTES_TO_WRITE) {
    throw new Error(
      `--write takes an hour at least: --minutes ${LEAST_MINUTES_TO_WRITE}, or leave out --write`,
    );
  }
  return {
    minutes,
    clients: whole('clients', values.clients),
    seed: values.seed === undefined ? undefined : whole('seed', values.seed),
    writes: values.write,
    out: values.out,
  };
}

function whole(option: string, given: string): number {
  const value = Number(given);
  if (Number.isInteger(value) && value > 0 && value <= 2 ** 32) return value;
  throw new Error(`--${option} takes a whole number above 0, not ${given}`);
}
