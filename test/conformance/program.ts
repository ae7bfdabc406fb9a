// A child process that serves one app on one runtime.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { bun, deno, newestNode, workerd } from '../runtimes.js';
import { until } from '../support/until.js';
import { bundleForServers } from './bundle.js';
import type { AppName, Program, Runtime } from './targets.js';
import { configureWorker } from './workerd.js';

export interface Running {
  readonly port: number;
  readonly http2Port: number | undefined;
  /** What it has written to stderr. */
  readonly errors: () => string;
  stop(): void;
}

const START_PATIENCE_MS = 40_000;

const DOCUMENT = fileURLToPath(new URL('files/document.json', import.meta.url));

export async function start(
  { app, runtime }: Program,
  environment: Record<string, string> = {},
): Promise<Running> {
  if (runtime === 'workerd') return startWorker(app, environment);
  const [command, ...args] = commandOf(runtime);
  const child = spawn(command, [...args, await bundleForServers(app)], {
    // It ends when its stdin does, so that none outlives a test run that was killed.
    stdio: 'pipe',
    // In production Express's error page shows no stack, which is longer by the mounted middleware.
    env: {
      ...process.env,
      NODE_ENV: 'production',
      CONFORMANCE_DOCUMENT: DOCUMENT,
      ...environment,
    },
  });
  return whenReady(child);
}

async function startWorker(app: AppName, environment: Record<string, string>): Promise<Running> {
  const config = await configureWorker(app, environment);
  const child = spawn(workerd(), ['serve', '--control-fd=1', config], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return whenReady(child);
}

function commandOf(runtime: Runtime): [string, ...string[]] {
  switch (runtime) {
    case 'Node':
      return [process.execPath, '--enable-source-maps'];
    case 'newest Node':
      return [newestNode(), '--enable-source-maps'];
    case 'Bun':
      return [bun(), 'run'];
    case 'Deno':
      return [deno(), 'run', '--allow-all'];
    case 'workerd':
      return [workerd()];
  }
}

async function whenReady(child: ChildProcess): Promise<Running> {
  let out = '';
  let errors = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-20_000);
  });
  const stop = (): void => void child.kill('SIGKILL');
  const readyLine = /^\{.*\}$/m;
  await until(
    'the server listens or ends',
    () => readyLine.test(out) || child.exitCode !== null,
    START_PATIENCE_MS,
  ).catch(stop);
  const line = readyLine.exec(out)?.[0];
  if (line === undefined) throw new Error(`the server did not start: ${out} ${errors}`);
  const { port, http2Port } = JSON.parse(line) as { port: number; http2Port?: number };
  return { port, http2Port, errors: () => errors, stop };
}

/** What a program's runtime calls itself. */
export function versionOf(runtime: Runtime): string {
  if (runtime === 'Node') return `Node ${process.versions.node}`;
  const [command] = commandOf(runtime);
  const said = execFileSync(command, ['--version']).toString();
  const version = /\d+[.-]\d+[.-]\d+/.exec(said)?.[0] ?? '';
  return `${runtime === 'newest Node' ? 'Node' : runtime} ${version}`;
}
