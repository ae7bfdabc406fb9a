// The command as it is installed, in a process of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { until } from './until.js';

const MAIN = fileURLToPath(new URL('../../../dist/main.js', import.meta.url));

export interface Running {
  readonly child: ChildProcess;
  out(): string;
  err(): string;
  code(): number | null | undefined;
}

/** `holdopen proxy` with these arguments. */
export function holdopen(...args: string[]): Running {
  const child = spawn(process.execPath, [MAIN, 'proxy', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let out = '';
  let err = '';
  let code: number | null | undefined;
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  child.on('close', (given) => {
    code = given;
  });
  return { child, out: () => out, err: () => err, code: () => code };
}

export interface StartedCommand extends Running {
  readonly port: number;
  readonly adminUrl: string | undefined;
}

/** The same on a free port, once it listens. */
export async function startCommand(...args: string[]): Promise<StartedCommand> {
  const running = holdopen('--listen', '127.0.0.1:0', ...args);
  await until('it listens', () => /:(\d+) →/.test(running.err()), running.err);
  return {
    ...running,
    port: Number(/:(\d+) →/.exec(running.err())?.[1]),
    adminUrl: /http:\/\/127\.0\.0\.1:\d+(?=\))/.exec(running.err())?.[0],
  };
}
