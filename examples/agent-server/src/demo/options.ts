import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { MAX_TOOL_MS } from '../order.js';

export interface DemoOptions {
  readonly toolMs: number;
  readonly idleMs: number;
  readonly intervalMs: number;
  /** The directory that is surveyed. */
  readonly root: string;
  readonly json: boolean;
  readonly nginx: boolean;
  readonly help: boolean;
  /** The port to go on serving on, 0 for a free one. `undefined`: make the calls and end. */
  readonly servePort: number | undefined;
}

/** The command line is wrong; the message names the fix. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Below this holdopen takes an interval for a typing error. */
const MIN_INTERVAL_MS = 50;

const REPOSITORY = fileURLToPath(new URL('../../../..', import.meta.url));

export const USAGE = `Shows what a slow response meets on its way, with holdopen and without it.

npm run demo -- [options]

  --tool-ms N       how long the server's tool works, in milliseconds (20000)
  --idle-ms N       silence after which the path drops a connection (5000)
  --interval-ms N   silence after which holdopen sends a beat (1500)
  --root DIR        the directory that is surveyed (this repository)
  --json            one line of JSON per call; exits 1 if one did not end as promised
  --nginx           nginx with proxy_read_timeout in place of the TCP proxy
  --serve PORT      serve on this port for other clients, until Ctrl-C (0: any free port)
  --help            this text
`;

/** Throws `UsageError`. */
export function readOptions(args: string[]): DemoOptions {
  const values = parse(args);
  const options: DemoOptions = {
    toolMs: wholeNumber('tool-ms', values['tool-ms'], 1, MAX_TOOL_MS),
    idleMs: wholeNumber('idle-ms', values['idle-ms'], 1, MAX_TOOL_MS),
    intervalMs: wholeNumber('interval-ms', values['interval-ms'], MIN_INTERVAL_MS, MAX_TOOL_MS),
    root: values.root,
    json: values.json,
    nginx: values.nginx,
    help: values.help,
    servePort:
      values.serve === undefined ? undefined : wholeNumber('serve', values.serve, 0, 65_535),
  };
  checkTogether(options);
  return options;
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        'tool-ms': { type: 'string', default: '20000' },
        'idle-ms': { type: 'string', default: '5000' },
        'interval-ms': { type: 'string', default: '1500' },
        root: { type: 'string', default: REPOSITORY },
        json: { type: 'boolean', default: false },
        nginx: { type: 'boolean', default: false },
        serve: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError(`${(error as Error).message}. --help lists the options.`);
  }
}

function wholeNumber(name: string, text: string, min: number, max: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new UsageError(`--${name} is "${text}": give a whole number from ${min} to ${max}.`);
}

function checkTogether({ toolMs, idleMs, intervalMs, root, json, servePort }: DemoOptions): void {
  if (intervalMs >= idleMs) {
    throw new UsageError(
      `--interval-ms ${intervalMs} is not below --idle-ms ${idleMs}: the connection would be dropped ` +
        `before its first beat. Give an interval below ${idleMs}, best a third of it.`,
    );
  }
  if (toolMs <= idleMs) {
    throw new UsageError(
      `--tool-ms ${toolMs} is not above --idle-ms ${idleMs}: the tool would be done before anything is ` +
        `dropped. Give a --tool-ms above ${idleMs}, best three times as much.`,
    );
  }
  if (json && servePort !== undefined) {
    throw new UsageError('--json reports calls, and --serve makes none: give one of the two.');
  }
  if (!statSync(root, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UsageError(`--root "${root}" is not a directory: give the path of one.`);
  }
}
