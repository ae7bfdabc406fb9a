/** Chance that comes again with its seed. */
export interface Chance {
  /** From 0 to 1, without 1. */
  next(): number;
  /** A whole number, both ends included. */
  from(least: number, most: number): number;
  /** True in so many of a hundred cases. */
  percent(share: number): boolean;
  one<T>(list: readonly T[]): T;
}

/** The parts name what it decides, so that one decision more in one place changes no other place. */
export function chanceOf(...parts: readonly (string | number)[]): Chance {
  let state = 0x811c9dc5;
  for (const byte of Buffer.from(parts.join(' '))) {
    state = Math.imul(state ^ byte, 0x01000193);
  }
  // mulberry32
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    from: (least, most) => least + Math.floor(next() * (most - least + 1)),
    percent: (share) => next() * 100 < share,
    one: (list) => {
      const found = list[Math.floor(next() * list.length)];
      if (found === undefined) throw new Error('nothing to choose from');
      return found;
    },
  };
}
