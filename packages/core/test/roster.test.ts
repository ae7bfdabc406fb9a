import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Roster, type Seat } from '../src/roster.js';

test('it holds what a Set would hold, in the order of coming', () => {
  const steps = fc.array(fc.record({ comes: fc.boolean(), who: fc.nat(40) }), { maxLength: 200 });
  fc.assert(
    fc.property(steps, (given) => {
      const roster = new Roster<number>();
      const seats: Seat<number>[] = [];
      const set = new Set<number>();
      for (const [number, { comes, who }] of given.entries()) {
        if (comes) {
          seats.push(roster.add(number));
          set.add(number);
        } else {
          const seat = seats[who % Math.max(1, seats.length)];
          if (seat === undefined) continue;
          // The same one may leave again.
          roster.remove(seat);
          set.delete(seat.member);
        }
        expect(roster.size).toBe(set.size);
        expect([...roster]).toEqual([...set]);
      }
    }),
  );
});

test('who goes through it sees those of the beginning, whoever comes and leaves meanwhile', () => {
  const roster = new Roster<number>();
  const seats = [1, 2, 3].map((number) => roster.add(number));
  const seen: number[] = [];
  for (const member of roster) {
    seen.push(member);
    for (const seat of seats) roster.remove(seat);
    roster.add(member + 10);
  }
  expect(seen).toEqual([1, 2, 3]);
  expect([...roster]).toEqual([11, 12, 13]);
});

test('what has left does not wait for a full collection', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options: { type: 'minor' }) => void;
  const roster = new Roster<number[]>();
  const here: Seat<number[]>[] = [];
  const comeAndGo = (): void => {
    here.push(roster.add(new Array<number>(1_000).fill(0)));
    const oldest = here.length > 32 ? here.shift() : undefined;
    if (oldest !== undefined) roster.remove(oldest);
  };
  // A quiet moment: what is here grows old.
  for (let i = 0; i < 100; i += 1) comeAndGo();
  for (let i = 0; i < 4; i += 1) collect({ type: 'minor' });
  const before = oldBytes();
  for (let round = 0; round < 100; round += 1) {
    for (let i = 0; i < 40; i += 1) comeAndGo();
    collect({ type: 'minor' });
  }
  // Of 32 MB that went through; a Set keeps all of it.
  expect(oldBytes() - before).toBeLessThan(8_000_000);
});

function oldBytes(): number {
  const old = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'old_space');
  return old?.space_used_size ?? 0;
}
