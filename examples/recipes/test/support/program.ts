// A recipe as a child process in its own runtime, and the path to it that gives up on silence.
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createFaultyPath } from '@holdopen/faulty-path';
import { afterAll, beforeAll } from 'vitest';
import { bun, deno, newestNode } from '../../../../test/runtimes.js';

/** Silence after which the path kills a connection. */
const IDLE_MS = 1_500;
/** How long the work of a recipe is silent. */
const WORK_MS = 3_000;
const INTERVAL_MS = 250;
/** A runtime, a framework and TypeScript take their time on a machine that is busy. */
const START_MS = 60_000;

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
/** Maps the packages to their sources, as vitest does: nothing has to be built first. */
const TSCONFIG = `${ROOT}tsconfig.test.json`;
const IMPORT_MAP = `${ROOT}examples/recipes/test/support/deno-imports.json`;

type Runtime = 'Node' | 'newest Node' | 'Bun' | 'Deno';

const COMMANDS: Record<Runtime, () => [string, ...string[]]> = {
  Node: () => [process.execPath, '--import', 'tsx'],
  'newest Node': () => [newestNode(), '--import', 'tsx'],
  Bun: () => [bun(), 'run', `--tsconfig-override=${TSCONFIG}`],
  Deno: () => [
    ...([deno(), 'run', '--allow-net', '--allow-env', `--import-map=${IMPORT_MAP}`] as const),
    '--unstable-sloppy-imports',
  ],
};

export interface ProgramOptions {
  readonly runtime?: Runtime;
  /** Asked when the program is started. */
  readonly env?: () => Readonly<Record<string, string>>;
}

/** A path to a program. */
export interface Path {
  readonly url: string;
  /** Connections that it killed for their silence. */
  readonly kills: number;
  /** What the program has sent on this path, framing included. */
  readonly sent: string;
}

export interface Program {
  /** What it has written. */
  readonly output: string;
  /** Past all proxies. */
  readonly url: string;
  openPath(): Promise<Path>;
  kill(signal: NodeJS.Signals): void;
}

/** Starts a file of `examples/recipes` for the tests of a file, and ends it behind them. */
export function program(file: string, { runtime = 'Node', env }: ProgramOptions = {}): Program {
  let child: ChildProcess;
  let output = '';
  let port = 0;
  const closing: (() => unknown)[] = [];

  beforeAll(async () => {
    const [command, ...args] = COMMANDS[runtime]();
    child = spawn(command, [...args, `${ROOT}examples/recipes/${file}`], {
      cwd: ROOT,
      env: {
        ...process.env,
        TSX_TSCONFIG_PATH: TSCONFIG,
        PORT: '0',
        WORK_MS: String(WORK_MS),
        HOLD_INTERVAL_MS: String(INTERVAL_MS),
        ...env?.(),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    closing.push(() => child.kill('SIGKILL'));
    port = await new Promise<number>((resolve, reject) => {
      for (const stream of [child.stdout, child.stderr]) {
        stream?.on('data', (bytes: Buffer) => {
          output += bytes.toString();
          const [, said] = /Listening on http:\S+:(\d+)/.exec(output) ?? [];
          if (said !== undefined) resolve(Number(said));
        });
      }
      child.once('error', reject);
      child.once('exit', () => reject(new Error(`${file} ended on ${runtime}: ${output}`)));
    });
    // The first request of a process is by far its slowest, whatever becomes of it.
    await fetch(`http://127.0.0.1:${port}/`).then((response) => response.text());
  }, START_MS);

  afterAll(() => Promise.all(closing.map((close) => close())));

  return {
    get output() {
      return output;
    },
    get url() {
      return `http://127.0.0.1:${port}`;
    },
    async openPath() {
      let sent = '';
      const path = await createFaultyPath({
        target: port,
        faults: [{ type: 'idle-kill', afterMs: IDLE_MS }],
        onBytes(bytes, from) {
          if (from === 'target') sent += bytes.toString('latin1');
        },
      });
      closing.push(() => path.close());
      return {
        url: path.url,
        get kills() {
          return path.connections.filter(({ end }) => end?.why === 'idle-kill').length;
        },
        get sent() {
          return sent;
        },
      };
    },
    kill: (signal) => void child.kill(signal),
  };
}

export interface Recipe {
  /** As it is. */
  readonly held: Program;
  /** With HOLDOPEN=off. */
  readonly plain: Program;
}

/** A recipe twice: as it is, and without holdopen. */
export function recipe(file: string, { runtime, env }: ProgramOptions = {}): Recipe {
  const options = runtime === undefined ? {} : { runtime };
  return {
    held: program(file, { ...options, env: () => ({ ...env?.(), HOLDOPEN: '' }) }),
    plain: program(file, { ...options, env: () => ({ ...env?.(), HOLDOPEN: 'off' }) }),
  };
}
