import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import type { Backend } from './backend.js';
import { pathOfSeen } from './stage.js';

const PROGRAM = join(import.meta.dirname, 'program.ts');
const START_LIMIT_MS = 30_000;

const Listening = z.object({ port: z.number() });
const Seen = z.object({
  httpVersion: z.string().optional(),
  requests: z.number(),
  beatsMs: z.array(z.number()),
  leftMs: z.number().optional(),
  isOver: z.boolean(),
});

/** Serves the app of @holdopen/fetch in another runtime. @throws Error if it does not start. */
export async function startChild([runtime, ...args]: readonly [
  string,
  ...string[],
]): Promise<Backend> {
  const child = spawn(runtime, [...args, PROGRAM], { stdio: ['pipe', 'pipe', 'pipe'] });
  // Whatever is thrown away here would fill its pipe; it ends with its stdin, that is with us.
  let complaint = '';
  child.stderr.on('data', (bytes: Buffer) => {
    complaint = (complaint + bytes).slice(-500);
  });
  const exited = once(child, 'exit').catch((error) => [error]);
  const close = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  const lines = createInterface({ input: child.stdout });
  const line = await Promise.race([
    once(lines, 'line', { signal: AbortSignal.timeout(START_LIMIT_MS) }).catch(() => undefined),
    exited.then(() => undefined),
  ]);
  if (line === undefined) {
    await close();
    throw new Error(`${runtime} did not start the server: ${complaint.trim()}`);
  }
  const { port } = Listening.parse(JSON.parse(String(line[0])));
  return {
    port,
    async seen(id) {
      const response = await fetch(`http://127.0.0.1:${port}${pathOfSeen(id)}`);
      const { httpVersion, leftMs, ...seen } = Seen.parse(await response.json());
      return { httpVersion, leftMs, ...seen };
    },
    close,
  };
}
