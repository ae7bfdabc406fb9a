import type { Figure, Plan } from '../figure.js';
import { type RunResult, repeated } from '../repeated.js';
import { median } from '../statistics.js';

/** What one turn came to, by name. The less, the better. */
export type Measures = Readonly<Record<string, number>>;

/** One of those that are compared. */
export interface Side {
  readonly name: string;
  turn(): Promise<Measures>;
}

/** The processes of one run. */
export interface Opened {
  /** The first is the counterpart, the last is it again. */
  readonly sides: readonly Side[];
  close(): Promise<unknown>;
}

/** How one measure is shown. */
export interface Shown {
  readonly measure: string;
  readonly title: string;
  readonly unit: string;
  /** Makes a rate of the measure. The ratio stays that of the measure. */
  readonly rate?: ((measured: number) => number) | undefined;
}

export interface Comparison {
  readonly item: string;
  readonly shown: readonly Shown[];
  readonly rounds: number;
  readonly warmUps: number;
  /** In fresh processes. */
  readonly runs: number;
  /** The most that the ratio of a side may be, by its name, and of which measure. */
  readonly targets?: {
    readonly measure: string;
    readonly atMost: Readonly<Record<string, number>>;
  };
  open(): Promise<Opened>;
}

/** All sides live at once and take turns. Gives a figure for each of them and each measure. */
export async function compared(plan: Plan, comparison: Comparison): Promise<Figure[]> {
  const { item, shown, targets } = comparison;
  let names: readonly string[] = [];
  const limits = Object.entries(targets?.atMost ?? {}).map(
    ([name, atMost]) => [`${targets?.measure} of ${name}`, atMost] as const,
  );
  const atMost = limits.length > 0 && !plan.quick ? 2 * comparison.runs : comparison.runs;
  const spreads = await repeated(
    { atLeast: comparison.runs, atMost, limits: Object.fromEntries(limits) },
    async (run) => {
      const { sides, close } = await comparison.open();
      try {
        names = sides.map(({ name }) => name);
        const result = await takeTurns(sides, comparison);
        for (const { measure, title } of shown) {
          const ratios = names
            .slice(1)
            .map((name) => `${name} ${result[`${measure} of ${name}`]?.toFixed(3)}`);
          plan.say(`${item}, ${title}, run ${run}: ${ratios.join(', ')}`);
        }
        return result;
      } finally {
        await close();
      }
    },
  );
  return shown.flatMap(({ measure, title, unit, rate = (measured) => measured }) => {
    const ofBare = spreads[measure]?.median ?? Number.NaN;
    const row = (name: string) => ({ item: `${item}, ${title}: ${name}`, unit });
    const others = names.slice(1).flatMap((name): Figure[] => {
      const spread = spreads[`${measure} of ${name}`];
      if (spread === undefined) return [];
      const most = measure === targets?.measure ? targets.atMost[name] : undefined;
      return [
        {
          ...row(name),
          value: rate(ofBare * spread.median),
          ratio: spread.median,
          spread,
          ...(most === undefined ? {} : { target: { of: 'ratio' as const, atMost: most } }),
        },
      ];
    });
    return [{ ...row(names[0] ?? ''), value: rate(ofBare) }, ...others];
  });
}

async function takeTurns(sides: readonly Side[], comparison: Comparison): Promise<RunResult> {
  const { rounds, warmUps, shown } = comparison;
  const samples = sides.map((): Measures[] => []);
  for (let round = -warmUps; round < rounds; round += 1) {
    for (let turn = 0; turn < sides.length; turn += 1) {
      const index = (turn + round + warmUps) % sides.length;
      const measures = await sides[index]?.turn();
      if (round >= 0 && measures !== undefined) samples[index]?.push(measures);
    }
  }
  const result: Record<string, number> = {};
  for (const { measure } of shown) {
    const [bare = [], ...others] = samples.map((all) =>
      all.map((one) => one[measure] ?? Number.NaN),
    );
    const again = others.at(-1) ?? [];
    result[measure] = median([...bare, ...again]);
    for (const [index, own] of others.entries()) {
      const isAgain = index === others.length - 1;
      const ratios = own.map((value, round) => {
        const one = bare[round] ?? Number.NaN;
        return value / (isAgain ? one : (one + (again[round] ?? Number.NaN)) / 2);
      });
      result[`${measure} of ${sides[index + 1]?.name}`] = median(ratios);
    }
  }
  return result;
}
