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
  #server: ChildProcess | undefined;
  #isStopped = false;

  constructor(env: Environment, tell: (what: string) => void) {
    this.#env = env;
    this.#tell = tell;
  }

  get pid(): number | undefined {
    return this.#server?.pid;
  }

  async start(): Promise<void> {
    const server = spawnChild(process.execPath, [...process.execArgv, SERVER], this.#env);
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

  stop(): void {
    this.#isStopped = true;
  }

  #replace(server: ChildProcess): void {
    if (this.#server !== server || this.#isStopped) return;
    this.#server = undefined;
    setTimeout(() => {
      if (!this.#isStopped) this.start().catch(() => {});
    }, BREATH_MS);
  }
}
