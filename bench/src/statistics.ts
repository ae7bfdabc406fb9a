/** What many samples of one figure come to. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
  /** 95 % confidence interval, where the samples are independent runs. */
  readonly interval?: readonly [low: number, high: number];
  readonly samples: number;
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
export function spreadOf(samples: readonly number[]): Spread {
  return {
    min: Math.min(...samples),
    median: median(samples),
    max: Math.max(...samples),
    samples: samples.length,
  };
}

/** Ratios of runs in fresh processes. */
export function spreadOfRuns(ratios: readonly number[]): Spread {
  const interval = meanInterval(ratios.map(Math.log))?.map(Math.exp);
  const spread = spreadOf(ratios);
  if (interval === undefined) return spread;
  const [low, high] = interval as [number, number];
  return { ...spread, interval: [low, high] };
}

/** Two-sided 95 % points of Student's t for 1, 2, … degrees of freedom. */
const T95 = [12.71, 4.3, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23];

function meanInterval(samples: readonly number[]): [number, number] | undefined {
  const n = samples.length;
  if (n < 2) return undefined;
  const mean = samples.reduce((sum, one) => sum + one, 0) / n;
  const variance = samples.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (n - 1);
  const half = (T95[n - 2] ?? 2.2) * Math.sqrt(variance / n);
  return [mean - half, mean + half];
}

/** Slope of the straight line through `values`, per unit of `at` (least squares). */
export function slope(at: readonly number[], values: readonly number[]): number {
  const meanAt = at.reduce((sum, one) => sum + one, 0) / at.length;
  const meanValue = values.reduce((sum, one) => sum + one, 0) / values.length;
  let above = 0;
  let below = 0;
  at.forEach((x, i) => {
    above += (x - meanAt) * ((values[i] ?? Number.NaN) - meanValue);
    below += (x - meanAt) ** 2;
  });
  return above / below;
}
