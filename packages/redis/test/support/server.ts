import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createClient } from 'redis';
import { until } from './until.js';

const PROGRAM = 'redis-server';
// Debian keeps servers in folders that are not on everyone's PATH.
const PATH = [process.env.PATH, '/usr/local/sbin', '/usr/sbin'].join(delimiter);

/** A Redis of its own on a free port, with its files in a temporary folder. */
export class RedisServer {
  readonly port: number;
  readonly #folder: string;
  readonly #options: readonly string[];
  #process: ChildProcess;

  private constructor(port: number, folder: string, options: readonly string[]) {
    this.port = port;
    this.#folder = folder;
    this.#options = options;
    this.#process = this.#spawn();
  }

  /** `options` as on the command line of redis-server. */
  static async start(...options: string[]): Promise<RedisServer> {
    requireProgram();
    const folder = await mkdtemp(join(tmpdir(), 'holdopen-redis-'));
    const server = new RedisServer(await freePort(), folder, options);
    await server.isUp();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Sends one command through a connection of its own. */
  async command(...command: string[]): Promise<unknown> {
    const client = createClient({
      url: this.url,
      disableOfflineQueue: true,
      socket: { reconnectStrategy: false },
    });
    client.on('error', () => {});
    await client.connect();
    try {
      return await client.sendCommand(command);
    } finally {
      if (client.isOpen) client.destroy();
    }
  }

  async keys(pattern = '*'): Promise<string[]> {
    return (await this.command('KEYS', pattern)) as string[];
  }

  /** As when the power goes. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Answers nothing, but its sockets stay open. */
  freeze(): () => void {
    this.#process.kill('SIGSTOP');
    return () => this.#process.kill('SIGCONT');
  }

  /** Starts again with the files it left; `wait: false` to look at it while it loads. */
  async restart({ wait = true, options = [] as readonly string[] } = {}): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) await this.kill();
    this.#process = this.#spawn(options);
    if (wait) await this.isUp();
  }

  async isUp(): Promise<void> {
    await until(`Redis answers on port ${this.port}`, async () => {
      if (this.#process.exitCode !== null) throw new Error('redis-server ended by itself.');
      return (await this.command('PING').catch(() => '')) === 'PONG';
    });
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      this.#process.kill('SIGCONT');
      await this.#end('SIGKILL');
    }
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #end(signal: 'SIGKILL'): Promise<void> {
    const ended = once(this.#process, 'exit');
    this.#process.kill(signal);
    await ended;
  }

  #spawn(more: readonly string[] = []): ChildProcess {
    const fixed = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.#folder];
    const options = ['--save', '', '--enable-debug-command', 'yes', ...this.#options, ...more];
    return spawn(PROGRAM, [...fixed, ...options], {
      stdio: 'ignore',
      env: { ...process.env, PATH },
    });
  }
}

function requireProgram(): void {
  const { error } = spawnSync(PROGRAM, ['--version'], { env: { ...process.env, PATH } });
  if (error === undefined) return;
  throw new Error(
    'These tests need redis-server, which is not installed. Debian, Ubuntu: sudo apt-get install --no-install-recommends redis-server. macOS: brew install redis.',
  );
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
