import { describe, expect, it } from 'vitest';
import { readCommandLine } from '../src/command-line.js';

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
    expect(() => read('--only', 'idel')).toThrow('--only takes one of idle, peers, not idel');
    expect(() => read('--connections', '1000,many')).toThrow(
      '--connections takes a whole number above 0, not many',
    );
    expect(() => read('--capacity', '1e')).toThrow('--capacity takes a whole number above 0');
  });
});
