// Redis and the servers as processes of their own, none of which outlives this one.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UsageError } from './options.js';

const SERVER = fileURLToPath(new URL('../server.ts', import.meta.url));

const children = new Set<ChildProcess>();

process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

/** A folder that goes when we do. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'resumable-agent-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface RedisProcess {
  readonly url: string;
  readonly pid: number | undefined;
}

/** @throws UsageError if there is no redis-server on this machine */
export async function startRedis(folder: string): Promise<RedisProcess> {
  const port = await freePort();
  // Nothing on disk: see the README of @holdopen/redis on what that means in earnest.
  const where = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, '--save', ''];
  const redis = run('redis-server', where, {
    // Debian keeps servers in folders that are not on everyone's PATH.
    PATH: [process.env.PATH, '/usr/local/sbin', '/usr/sbin'].join(delimiter),
  });
  try {
    await said(redis, /Ready to accept connections/);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new UsageError(
      'there is no redis-server on this machine. Get it and try again:\n' +
        '  Debian, Ubuntu:  sudo apt-get install --no-install-recommends redis-server\n' +
        '  macOS:           brew install redis',
    );
  }
  return { url: `redis://127.0.0.1:${port}`, pid: redis.pid };
}

/** One process of the agent server, which can be killed and started again. */
export class AgentProcess {
  readonly name: string;
  readonly port: number;
  readonly #env: Readonly<Record<string, string>>;
  #child: ChildProcess | undefined;

  private constructor(name: string, port: number, env: Readonly<Record<string, string>>) {
    this.name = name;
    this.port = port;
    this.#env = { ...env, PORT: `${port}` };
  }

  static async start(name: string, env: Readonly<Record<string, string>>): Promise<AgentProcess> {
    const server = new AgentProcess(name, await freePort(), env);
    await server.start();
    return server;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  async start(): Promise<void> {
    // As we were started ourselves, be it by tsx or by node.
    this.#child = run(process.execPath, [...process.execArgv, SERVER], this.#env);
    await said(this.#child, /Listening/);
  }

  /** Resolves when it is gone, with its exit code; `null` if the signal killed it. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    const child = this.#child;
    if (child === undefined || !children.has(child)) return child?.exitCode ?? null;
    const exit = once(child, 'exit');
    child.kill(signal);
    const [code]: (number | null)[] = await exit;
    return code ?? null;
  }
}

function run(program: string, args: readonly string[], env: Record<string, string>): ChildProcess {
  const child = spawn(program, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.add(child);
  child.once('exit', () => children.delete(child));
  child.on('error', () => children.delete(child));
  return child;
}

/** Waits for what a process says when it is ready, and reads on for ever, so that it never blocks. */
function said(child: ChildProcess, words: RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = '';
    child.stdout?.on('data', (bytes: Buffer) => {
      output = (output + bytes.toString()).slice(-10_000);
      if (words.test(output)) resolve();
    });
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`${child.spawnfile} ended by itself:\n${output}`)));
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
