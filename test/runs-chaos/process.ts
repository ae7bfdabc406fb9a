import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createFaultyPath, type FaultyPath } from '@holdopen/faulty-path';
import { build } from 'esbuild';
import type { Door } from './client.js';
import type { Kill } from './story.js';

const packages = fileURLToPath(new URL('../../packages/', import.meta.url));
const folder = fileURLToPath(
  new URL(`../node_modules/.cache/runs-chaos-${process.pid}/`, import.meta.url),
);

/** The server as one file of the packages' sources: it starts fast, and no stale build hides a fault. */
export async function bundleServer(): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const outfile = `${folder}server.mjs`;
  await build({
    entryPoints: [fileURLToPath(new URL('server.ts', import.meta.url))],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'es2023',
    sourcemap: 'inline',
    logLevel: 'silent',
    alias: Object.fromEntries(
      readdirSync(packages).map((name) => [`@holdopen/${name}`, `${packages}${name}/src/index.ts`]),
    ),
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
  return outfile;
}

export function removeBundle(): void {
  rmSync(folder, { recursive: true, force: true });
}

/** A server that comes back after it was killed, and the way to it, which stays. */
export class ServerProcess implements Door {
  readonly #bundle: string;
  readonly #environment: Record<string, string>;
  readonly kills: Kill[] = [];
  readonly crashes: string[] = [];
  #path: FaultyPath | undefined;
  #child: ChildProcess | undefined;
  #port = 0;
  #errors = '';

  constructor(bundle: string, environment: Record<string, string>) {
    this.#bundle = bundle;
    this.#environment = environment;
  }

  /** For clients. */
  get port(): number {
    return this.#path?.port ?? 0;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** The last that it wrote to stderr. */
  get errors(): string {
    return this.#errors;
  }

  async start(): Promise<void> {
    this.#path ??= await createFaultyPath({ target: () => this.#port });
    const child = spawn(process.execPath, ['--enable-source-maps', this.#bundle], {
      stdio: 'pipe',
      env: { ...process.env, ...this.#environment, CHAOS_PORT: String(this.#port) },
    });
    child.stderr.on('data', (bytes: Buffer) => {
      this.#errors = (this.#errors + bytes.toString()).slice(-20_000);
    });
    child.on('exit', (code) => {
      if (this.#child !== child) return;
      this.#child = undefined;
      this.crashes.push(`a server ended by itself with ${code}: ${this.#errors.slice(-2_000)}`);
    });
    this.#child = child;
    const [line] = (await Promise.race([
      once(child.stdout, 'data'),
      once(child, 'exit').then(() => {
        throw new Error(`The server did not start: ${this.#errors}`);
      }),
    ])) as [Buffer];
    this.#port = (JSON.parse(line.toString()) as { port: number }).port;
  }

  /** Gives how many connections there were. */
  cut(): number {
    return this.#path?.killAll() ?? 0;
  }

  /** SIGKILL, without a word to anybody. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child?.pid === undefined) return;
    this.#child = undefined;
    const ended = once(child, 'exit');
    this.kills.push({ pid: child.pid, at: Date.now() });
    child.kill('SIGKILL');
    await ended;
  }

  async stop(): Promise<void> {
    await this.kill();
    await this.#path?.close();
  }
}
