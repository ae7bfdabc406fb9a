import type { Figure, Plan } from './figure.js';
import { type RunResult, repeated } from './repeated.js';
import { median } from './statistics.js';

/** What one turn came to, by name. The less, the better. What a side cannot tell is not in it. */
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
  /** What is measured, where `item` does not say so already. */
  readonly title?: string;
  readonly unit: string;
  /** Makes a rate of the measure. The ratio stays that of the measure. */
  readonly rate?: ((measured: number) => number) | undefined;
}

export interface Comparison {
  readonly item: string;
  readonly shown: readonly Shown[];
  readonly rounds: number;
  readonly warmUps: number;
  /** The most that the ratio of a side may be, by measure and by its name. */
  readonly targets?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  open(): Promise<Opened>;
}

/** All sides live at once and take turns. Gives a figure for each of them and each measure. */
export async function compared(plan: Plan, comparison: Comparison): Promise<Figure[]> {
  const { item, shown, targets = {} } = comparison;
  const hasTarget = Object.values(targets).some((limits) => Object.keys(limits).length > 0);
  let names: readonly string[] = [];
  let found: RunResult = {};
  const spread = await repeated(plan, { hasTarget }, async (run) => {
    const { sides, close } = await comparison.open();
    try {
      names = sides.map(({ name }) => name);
      found = await takeTurns(sides, comparison);
      for (const { measure, title } of shown) {
        const ratios = names.flatMap((name) => {
          const ratio = found[`${measure} of ${name}`];
          return ratio === undefined ? [] : [`${name} ${ratio.toFixed(3)}`];
        });
        plan.say(`${headOf(item, title)}, run ${run}: ${ratios.join(', ')}`);
      }
      return found;
    } finally {
      await close();
    }
  });
  return shown.flatMap(({ measure, title, unit, rate = (measured) => measured }) => {
    const ofBare = spread(measure).mean;
    const row = (name: string) => ({ item: `${headOf(item, title)}: ${name}`, unit });
    const others = names.slice(1).flatMap((name): Figure[] => {
      if (found[`${measure} of ${name}`] === undefined) return [];
      const ratio = spread(`${measure} of ${name}`);
      const atMost = targets[measure]?.[name];
      return [
        {
          ...row(name),
          value: rate(ofBare * ratio.mean),
          ratio: ratio.mean,
          spread: ratio,
          ...(atMost === undefined ? {} : { target: { of: 'ratio' as const, atMost } }),
        },
      ];
    });
    return [{ ...row(names[0] ?? ''), value: rate(ofBare) }, ...others];
  });
}

function headOf(item: string, title: string | undefined): string {
  return title === undefined ? item : `${item}, ${title}`;
}

async function takeTurns(sides: readonly Side[], comparison: Comparison): Promise<RunResult> {
  const { rounds, warmUps, shown } = comparison;
  const samples = new Map(sides.map((side): [Side, Measures[]] => [side, []]));
  for (let round = -warmUps; round < rounds; round += 1) {
    // By chance, so that nobody always comes behind the same one, whose garbage and caches it inherits.
    for (const side of shuffled(sides)) {
      const measures = await side.turn();
      if (round >= 0) samples.get(side)?.push(measures);
    }
  }
  const result: Record<string, number> = {};
  for (const { measure } of shown) {
    const [bare = [], ...others] = [...samples.values()].map((all) =>
      all.flatMap((one) => one[measure] ?? []),
    );
    const again = others.at(-1) ?? [];
    result[measure] = median([...bare, ...again]);
    for (const [index, own] of others.entries()) {
      if (own.length === 0) continue;
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

function shuffled<T>(all: readonly T[]): T[] {
  return all
    .map((one) => ({ one, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ one }) => one);
}
