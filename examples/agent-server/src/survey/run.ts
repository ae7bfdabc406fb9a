import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import type { Survey } from './survey.js';

export interface SurveyOptions {
  /** How long it takes, in milliseconds. */
  readonly toolMs: number;
  /** It does all its work and fails then. */
  readonly fail: boolean;
  /** Kills it. */
  readonly signal: AbortSignal;
}

export class SurveyFailed extends Error {
  override readonly name = 'SurveyFailed';
}

const PROGRAM = join(import.meta.dirname, 'main.ts');
const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

/**
 * Surveys a directory in a process of its own. Settles when that process has ended, and not before.
 * Throws `SurveyFailed` if it ends with an error, an `AbortError` if it was killed by the signal.
 */
export async function runSurvey(directory: string, options: SurveyOptions): Promise<Survey> {
  const { toolMs, fail, signal } = options;
  const tool = spawn(
    process.execPath,
    ['--import', TSX, PROGRAM, directory, String(toolMs), ...(fail ? ['--fail'] : [])],
    { signal, killSignal: 'SIGKILL', stdio: 'pipe' },
  );
  // A process that is killed says so by an error before its close; both are looked at below.
  let failure: Error | undefined;
  tool.on('error', (error) => {
    failure = error;
  });

  const [exitCode, output, complaint] = await Promise.all([
    new Promise<number | null>((resolve) => tool.once('close', resolve)),
    text(tool.stdout),
    text(tool.stderr),
  ]);
  signal.throwIfAborted();
  if (failure !== undefined) throw failure;
  if (exitCode !== 0) {
    throw new SurveyFailed(complaint.trim() || `the survey ended with exit code ${exitCode}`);
  }
  return JSON.parse(output) as Survey;
}
