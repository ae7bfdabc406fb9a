// Redis and the server as processes of their own, none of which outlives this one.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

const children = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

export type Environment = Readonly<Record<string, string>>;

export interface RedisServer {
  readonly url: string;
  stop(): void;
}

/** A Redis that forgets everything when it ends; `undefined` if this machine has none. */
export async function startRedis(): Promise<RedisServer | undefined> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'agent-console-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const where = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, '--save', ''];
  const redis = spawnChild('redis-server', where, {
    // Debian keeps servers in folders that are not on everyone's PATH.
    PATH: [process.env.PATH, '/usr/local/sbin', '/usr/sbin'].join(delimiter),
  });
  try {
    await said(redis, /Ready to accept connections/);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return { url: `redis://127.0.0.1:${port}`, stop: () => redis.kill('SIGKILL') };
}

export function spawnChild(
  program: string,
  args: readonly string[],
  env: Environment,
): ChildProcess {
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
export function said(child: ChildProcess, words: RegExp): Promise<void> {
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
  if (address === null || typeof address === 'string') throw new Error('a port was expected');
  return address.port;
}
