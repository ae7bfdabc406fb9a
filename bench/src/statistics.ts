/** What many samples of one figure come to. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
  /** 95 % confidence interval, where the samples are independent runs. */
  readonly interval?: readonly [low: number, high: number];
  readonly samples: number;
}

/** Of runs in fresh processes: the mean lies in the middle of its interval, which a median need not do. */
export interface RunSpread extends Spread {
  readonly mean: number;
}

export function quantile(samples: readonly number[], q: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below + (above - below) * (at - Math.floor(at));
}

export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5);
}

/** Samples of one process, one after the other: they hang together, so no interval is claimed. */
function spreadOf(samples: readonly number[]): Spread {
  return {
    min: Math.min(...samples),
    median: median(samples),
    max: Math.max(...samples),
    samples: samples.length,
  };
}

/**
 * What runs in fresh processes found. The mean is geometric, as befits ratios and times, unless something is not above
 * 0: twice as much and half as much are equally far from 1.
 */
export function spreadOfRuns(samples: readonly number[]): RunSpread {
  const isPositive = samples.every((one) => one > 0);
  const [to, back] = isPositive ? [Math.log, Math.exp] : [Number, Number];
  const { mean, half } = meanWithin(samples.map(to));
  const spread = { ...spreadOf(samples), mean: back(mean) };
  if (half === undefined) return spread;
  return { ...spread, interval: [back(mean - half), back(mean + half)] };
}

/** Two-sided 95 % points of Student's t for 1, 2, … degrees of freedom. */
const T95 = [12.71, 4.3, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23];
const t95 = (degrees: number): number => T95[degrees - 1] ?? 2.2;

function meanWithin(samples: readonly number[]): { mean: number; half: number | undefined } {
  const n = samples.length;
  const mean = samples.reduce((sum, one) => sum + one, 0) / n;
  if (n < 2) return { mean, half: undefined };
  const variance = samples.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (n - 1);
  return { mean, half: t95(n - 1) * Math.sqrt(variance / n) };
}

/** Of the straight line through `values` (least squares), per unit of `at`, with its 95 % interval. */
export function slope(
  at: readonly number[],
  values: readonly number[],
): { readonly slope: number; readonly interval: readonly [low: number, high: number] } {
  const n = at.length;
  const meanAt = at.reduce((sum, one) => sum + one, 0) / n;
  const meanValue = values.reduce((sum, one) => sum + one, 0) / n;
  let above = 0;
  let below = 0;
  at.forEach((x, i) => {
    above += (x - meanAt) * ((values[i] ?? Number.NaN) - meanValue);
    below += (x - meanAt) ** 2;
  });
  const slope = above / below;
  const missed = at.reduce(
    (sum, x, i) => sum + ((values[i] ?? 0) - meanValue - slope * (x - meanAt)) ** 2,
    0,
  );
  const half = t95(n - 2) * Math.sqrt(missed / (n - 2) / below);
  return { slope, interval: [slope - half, slope + half] };
}
