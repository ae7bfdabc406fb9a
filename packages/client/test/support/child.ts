import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { bun, deno, newestNode } from '../../../../test/runtimes.js';
import type { Question } from './ask.js';

export const CHILD_RUNTIMES: readonly {
  readonly name: string;
  readonly command: () => [path: string, ...args: string[]];
}[] = [
  { name: 'the newest Node', command: () => [newestNode()] },
  { name: 'Bun', command: () => [bun(), 'run'] },
  { name: 'Deno', command: () => [deno(), 'run', '--allow-all'] },
];

/** The asker and the client in one file that every runtime can read. */
export async function bundleAsker(): Promise<string> {
  const outfile = join(await mkdtemp(join(tmpdir(), 'holdopen-')), 'asker.mjs');
  const asker = fileURLToPath(new URL('asker.ts', import.meta.url));
  const alias = {
    '#transport': fileURLToPath(new URL('../../src/transport/server.ts', import.meta.url)),
  };
  await build({
    entryPoints: [asker],
    outfile,
    bundle: true,
    alias,
    format: 'esm',
    platform: 'node',
  });
  return outfile;
}

/** The client in another runtime. */
export class RuntimeChild {
  readonly #process: ChildProcess;
  readonly #waiting: { resolve(said: string): void; reject(error: Error): void }[] = [];
  #errors = '';

  constructor([path, ...args]: readonly [path: string, ...args: string[]], asker: string) {
    const child = spawn(path, [...args, asker], { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#process = child;
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('{')) this.#waiting.shift()?.resolve(JSON.parse(line).said);
    });
    child.stderr.on('data', (bytes: Buffer) => {
      this.#errors += bytes.toString();
    });
    child.on('close', () => {
      for (const { reject } of this.#waiting) reject(new Error(`it ended: ${this.#errors}`));
    });
  }

  ask(question: Question): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#process.stdin?.write(`${JSON.stringify(question)}\n`);
    });
  }

  kill(): void {
    this.#process.kill();
  }
}
