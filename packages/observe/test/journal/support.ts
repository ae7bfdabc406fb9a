import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Incident, readIncidents } from '@holdopen/observe';
import { onTestFinished } from 'vitest';
import { until } from '../../../../test/support/until.js';

const SERVER = fileURLToPath(new URL('server.mjs', import.meta.url));

/** A directory that goes away with the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'holdopen-journal-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export function textOf(directory: string): string {
  try {
    return filesOf(directory)
      .map((name) => readFileSync(join(directory, name), 'utf8'))
      .join('');
  } catch (error) {
    // One was renamed in this moment.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return textOf(directory);
    throw error;
  }
}

export function filesOf(directory: string): string[] {
  return readdirSync(directory).sort();
}

export async function incidentsOf(directory: string): Promise<Incident[]> {
  const incidents: Incident[] = [];
  const all = (async function* () {
    yield Buffer.from(textOf(directory));
  })();
  await readIncidents(all, { incident: (one) => incidents.push(one) });
  return incidents;
}

/** Until its head was sent: what a handler throws before that is not holdopen's to catch. */
export async function held(request: unknown): Promise<void> {
  const { holdOpen } = request as { holdOpen?: { readonly state: string } };
  await until('the response is held', () => holdOpen?.state === 'held');
}

export interface Server {
  readonly process: ChildProcess;
  readonly url: string;
  readonly port: number;
  /** Waits until it has gone. */
  kill(signal: NodeJS.Signals): Promise<void>;
}

/** Another process with a journal in that directory. */
export async function startServer(directory: string): Promise<Server> {
  const child = spawn(process.execPath, [SERVER, directory], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const [line] = await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`the server exited: ${code}`))),
  ]);
  const bound = Number(String(line));
  return {
    process: child,
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    async kill(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, 'exit');
      child.kill(signal);
      await exit;
    },
  };
}
