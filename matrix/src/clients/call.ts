import { type ChildProcess, spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { SEARCH_PATH } from '../../../test/support/program.js';
import type { PreparedClient } from './kind.js';

/** Nothing that a client was asked takes so long. */
const LIMIT_MS = 60_000;

const Told = z.object({
  status: z.number().optional(),
  got: z.unknown().optional(),
  text: z.string().optional(),
  events: z.array(z.unknown()).optional(),
  error: z.string().optional(),
});

/** What a caller had from its client. */
export type Told = z.infer<typeof Told>;

export interface Call {
  readonly url: string;
  readonly mode: 'json' | 'events';
  readonly timeoutMs: number;
  readonly env: Readonly<Record<string, string>>;
  /** After so long it is killed. */
  readonly limitMs?: number;
}

const running = new Set<ChildProcess>();
// Whoever interrupts us is not left with them. One listener: there may be thirty at once.
process.once('exit', () => {
  for (const child of running) child.kill();
});

/** Starts the client's script for one call. @throws Error if it does not say what came of it. */
export async function call(
  { command: [program, ...args] }: PreparedClient,
  { url, mode, timeoutMs, env, limitMs = LIMIT_MS }: Call,
): Promise<Told> {
  const child = spawn(program, [...args, url, mode, `${timeoutMs}`], {
    env: { ...process.env, PATH: SEARCH_PATH, PYTHONDONTWRITEBYTECODE: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: AbortSignal.timeout(limitMs),
    killSignal: 'SIGKILL',
  });
  running.add(child);
  child.once('close', () => running.delete(child));
  let failure: Error | undefined;
  child.once('error', (error) => {
    failure = error;
    // What it has started may hold them open for ever.
    child.stdout.destroy();
    child.stderr.destroy();
  });
  const [told, complaint] = await Promise.all([text(child.stdout), text(child.stderr)]).catch(
    (error) => {
      throw failure?.name === 'AbortError'
        ? new Error(`says nothing for ${limitMs / 1_000} s`)
        : (failure ?? error);
    },
  );
  const line = told.trim().split('\n').at(-1) ?? '';
  try {
    return Told.parse(JSON.parse(line));
  } catch (cause) {
    throw new Error(`its script broke down: ${complaint.trim().slice(-300)}`, { cause });
  }
}
