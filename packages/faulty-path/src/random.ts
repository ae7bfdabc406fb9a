import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** What a connection draws from. The same seed and number of the connection draw the same. */
export interface Draw {
  /** A whole number, both ends included. */
  integer(from: number, to: number): number;
  /** Whether something happens that happens with this probability. */
  chance(probability: number): boolean;
  /** One of several, each as likely as the others. */
  oneOf<T>(values: readonly [T, ...T[]]): T;
}

/**
 * A generator for one connection. Each has its own, so that what a connection draws does not depend
 * on how many bytes came on another meanwhile.
 */
export function createDraw(seed: number, connection: number): Draw {
  // Neighbouring seeds give sequences that begin alike, unless they are spread out.
  const generator = xoroshiro128plus(seed ^ Math.imul(connection, 0x9e3779b1));
  const integer = (from: number, to: number) => uniformInt(generator, from, to);
  return {
    integer,
    chance: (probability) => uniformFloat64(generator) < probability,
    oneOf: (values) => values[integer(0, values.length - 1)] ?? values[0],
  };
}

export function randomSeed(): number {
  return Math.floor(Math.random() * 2 ** 31);
}
