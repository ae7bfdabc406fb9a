import { chanceOf } from './chance.js';

export type Fault = { readonly atMs: number } /** All connections of clients to one server. */ & (
  | { readonly does: 'cut'; readonly server: number }
  /** The connections of one server to Redis; or its answers get lost for a while before. */
  | { readonly does: 'cut link' | 'swallow'; readonly server: number; readonly forMs: number }
  | { readonly does: 'kill server'; readonly server: number; readonly forMs: number }
  | { readonly does: 'kill redis'; readonly forMs: number }
);

/** Longer than a request waits for the store, so that it is told 503, and shorter than lease and grace. */
const LONG_MS = [5_200, 6_200] as const;

/** What goes wrong in this time. The same for the same seed. */
export function faultsOf(seed: number, durationMs: number): Fault[] {
  const faults: Fault[] = [];
  const some = (everyMs: number, least: number, make: (atMs: number, i: number) => Fault): void => {
    const chance = chanceOf('when', seed, everyMs);
    const count = Math.max(least, Math.round(durationMs / everyMs));
    for (let i = 0; i < count; i += 1) faults.push(make(chance.next() * durationMs, i));
  };
  const chance = chanceOf('faults', seed);
  const server = (): number => chance.from(0, 1);
  some(1_100, 4, (atMs) => ({ atMs, does: 'cut', server: server() }));
  some(2_000, 2, (atMs) => ({ atMs, does: 'cut link', server: server(), forMs: 0 }));
  some(6_000, 2, (atMs, i) => ({
    atMs,
    does: 'swallow',
    server: server(),
    forMs: i % 4 === 1 ? chance.from(...LONG_MS) : chance.from(50, 700),
  }));
  // Each of them dies.
  some(7_000, 2, (atMs, i) => ({
    atMs,
    does: 'kill server',
    server: i < 2 ? i : server(),
    forMs: chance.from(100, 2_000),
  }));
  some(11_000, 2, (atMs, i) => ({
    atMs,
    does: 'kill redis',
    forMs: i % 4 === 2 ? chance.from(...LONG_MS) : chance.from(50, 1_000),
  }));
  return faults.sort((a, b) => a.atMs - b.atMs);
}
