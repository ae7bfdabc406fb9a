import { median } from './statistics.js';

/** Something to be timed. What it gives back keeps the work from being optimised away. */
export interface Loop {
  readonly name: string;
  readonly times: number;
  run(times: number): unknown;
}

/** Nanoseconds per turn of each loop, round by round: A B C A B C …, after some rounds to warm up. */
export function timeLoops(loops: readonly Loop[], rounds: number): Timings {
  const samples = new Map<string, number[]>(loops.map(({ name }) => [name, []]));
  const warmUps = Math.max(2, Math.ceil(rounds / 4));
  for (let round = -warmUps; round < rounds; round++) {
    for (const { name, times, run } of loops) {
      const startNs = process.hrtime.bigint();
      kept = run(times);
      const ns = Number(process.hrtime.bigint() - startNs) / times;
      if (round >= 0) samples.get(name)?.push(ns);
    }
  }
  return new Timings(samples);
}

/** @public Seen from outside, so that it has to be worked out. */
export let kept: unknown;

export class Timings {
  readonly #samples: ReadonlyMap<string, readonly number[]>;

  constructor(samples: ReadonlyMap<string, readonly number[]>) {
    this.#samples = samples;
  }

  /** The median of its rounds. */
  of(name: string): number {
    return median(this.#all(name));
  }

  /** What one takes beyond another, round by round. */
  above(name: string, floor: string): number {
    const below = this.#all(floor);
    return median(this.#all(name).map((ns, i) => ns - (below[i] ?? Number.NaN)));
  }

  #all(name: string): readonly number[] {
    const samples = this.#samples.get(name);
    if (samples === undefined) throw new Error(`nothing was timed as ${name}`);
    return samples;
  }
}
