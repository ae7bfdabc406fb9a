import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Environment, said, spawnChild } from './children.js';

const SERVER = fileURLToPath(new URL('../server/server.ts', import.meta.url));
/** A server that ends at once is not started again and again without a breath. */
const BREATH_MS = 200;

/**
 * Keeps one server there, as a platform does: the next one is started as soon as the last takes no more
 * connections, while that may still end its tasks.
 */
export class Supervisor {
  readonly #env: Environment;
  readonly #tell: (what: string) => void;
  readonly #nodeArgs: readonly string[];
  #server: ChildProcess | undefined;
  #isStopped = false;

  /** `nodeArgs`: as we were started ourselves, be it by tsx or by node. */
  constructor(env: Environment, tell: (what: string) => void, nodeArgs = process.execArgv) {
    this.#env = env;
    this.#tell = tell;
    this.#nodeArgs = nodeArgs;
  }

  get pid(): number | undefined {
    return this.#server?.pid;
  }

  async start(): Promise<void> {
    const server = spawnChild(process.execPath, [...this.#nodeArgs, SERVER], this.#env);
    this.#server = server;
    server.once('exit', (code, signal) => {
      this.#tell(`Server ${server.pid} has ended: ${signal ?? code}`);
      this.#replace(server);
    });
    await said(server, /Listening/);
    server.stdout?.on('data', (bytes: Buffer) => {
      if (bytes.includes('Draining')) this.#replace(server);
    });
    this.#tell(`Server ${server.pid} listens`);
  }

  /** Nothing is started any more, and what runs is killed. */
  stop(): void {
    this.#isStopped = true;
    this.#server?.kill('SIGKILL');
  }

  #replace(server: ChildProcess): void {
    if (this.#server !== server || this.#isStopped) return;
    this.#server = undefined;
    setTimeout(() => {
      if (!this.#isStopped) this.start().catch(() => {});
    }, BREATH_MS);
  }
}
