import { describe, expect, it } from 'vitest';
import { readCommandLine } from '../src/command-line.js';
import { readSoakPlan } from '../src/soak/command-line.js';

const KNOWN = ['idle', 'peers'];
const read = (...args: readonly string[]) => readCommandLine(args, KNOWN);

describe('npm run bench', () => {
  it('writes the pages when all of it ran in earnest, and a part of it when asked to', () => {
    expect(read()).toMatchObject({ names: KNOWN, writes: true });
    expect(read('--no-write')).toMatchObject({ writes: false });
    expect(read('--quick')).toMatchObject({ writes: false });
    expect(read('--only', 'idle')).toMatchObject({ names: ['idle'], writes: false });
    expect(read('--only', 'idle', '--write')).toMatchObject({ writes: true });
  });

  it('takes several numbers of connections', () => {
    expect(read('--connections', '1000,19500')).toMatchObject({
      plan: { connections: [1_000, 19_500] },
    });
  });

  it('says what is wrong and what is right', () => {
    expect(() => read('--quick', '--write')).toThrow('leave out --write or --quick');
    expect(() => read('--only', 'idle', '--connections', '50', '--write')).toThrow(
      '--connections is for trying',
    );
    expect(read('--connections', '50')).toMatchObject({ writes: false });
    expect(() => read('--only', 'idel')).toThrow('--only takes one of idle, peers, not idel');
    expect(() => read('--connections', '1000,many')).toThrow(
      '--connections takes a whole number above 0, not many',
    );
    expect(() => read('--capacity', '1e')).toThrow('--capacity takes a whole number above 0');
  });
});

describe('npm run soak', () => {
  it('says what is wrong and what is right', () => {
    expect(readSoakPlan(['--minutes', '0.5', '--seed', '7'])).toMatchObject({
      minutes: 0.5,
      seed: 7,
      writes: false,
    });
    expect(() => readSoakPlan(['--minutes=-1'])).toThrow(
      '--minutes takes a number above 0 and at most 10080, not -1',
    );
    expect(() => readSoakPlan(['--minutes', 'Infinity'])).toThrow('not Infinity');
    expect(() => readSoakPlan(['--clients', '1.5'])).toThrow(
      '--clients takes a whole number above 0, not 1.5',
    );
    expect(() => readSoakPlan(['--minutes', '5', '--write'])).toThrow(
      '--write takes an hour at least',
    );
  });
});
