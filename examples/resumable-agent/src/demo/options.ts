import { parseArgs } from 'node:util';

export interface DemoOptions {
  readonly json: boolean;
  readonly help: boolean;
  readonly tokenMs: number;
  readonly toolMs: number;
  readonly leaseMs: number;
  readonly graceMs: number;
}

/** The demo cannot be run like this; the message names the fix. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const USAGE = `Shows what becomes of work when connections break and processes die.

  --token-ms N   how long the model takes for a token, in milliseconds (100)
  --tool-ms N    how long the tool works (3000)
  --lease-ms N   how long work counts as owned after its process was last heard of (3000)
  --grace-ms N   how much longer nobody calls it lost (1000)
  --json         one line of JSON per scene; exits 1 if one did not end as promised
  --help         this text
`;

/** @throws UsageError */
export function readOptions(args: string[]): DemoOptions {
  const { values } = parse(args);
  return {
    json: values.json,
    help: values.help,
    tokenMs: wholeNumber('token-ms', values['token-ms'], 1),
    toolMs: wholeNumber('tool-ms', values['tool-ms'], 1),
    // The least that runs take.
    leaseMs: wholeNumber('lease-ms', values['lease-ms'], 200),
    graceMs: wholeNumber('grace-ms', values['grace-ms'], 0),
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        'token-ms': { type: 'string', default: '100' },
        'tool-ms': { type: 'string', default: '3000' },
        'lease-ms': { type: 'string', default: '3000' },
        'grace-ms': { type: 'string', default: '1000' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new UsageError(`${(error as Error).message}. --help lists the options.`);
  }
}

function wholeNumber(name: string, text: string, least: number): number {
  const value = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least) return value;
  throw new UsageError(`--${name} is "${text}": give a whole number from ${least} to 999999.`);
}
