// How the scripts start other programs.
import { spawn } from 'node:child_process';
import { delimiter } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** Our scripts speak on stderr only, so that stdout belongs to whatever they start. */
export const say = (/** @type {string} */ text) => process.stderr.write(`${text}\n`);

/**
 * Runs a program from the repository's root, with its installed tools on the PATH, and waits for
 * its end. SIGINT and SIGTERM are passed on, so that the program ends before this script does.
 *
 * @param {string} command
 * @param {string[]} [args]
 * @param {{
 *   cwd?: string,
 *   env?: NodeJS.ProcessEnv,
 *   output?: 'inherit' | 'stderr' | 'quiet',
 * }} [options] `quiet` shows the output only if the program fails
 * @returns {Promise<number>} its exit code; 128 and above stand for a signal, as in a shell
 */
export function run(command, args = [], { cwd = root, env = {}, output = 'inherit' } = {}) {
  const quiet = output === 'quiet';
  const stdout = output === 'stderr' ? 2 : quiet ? 'pipe' : 'inherit';
  const child = spawn(command, args, {
    cwd,
    env: {
      ...process.env,
      PATH: [`${root}node_modules/.bin`, process.env.PATH].join(delimiter),
      ...env,
    },
    // npx and the tools are .cmd files on Windows, which only a shell can start.
    shell: process.platform === 'win32' && command !== process.execPath,
    stdio: [output === 'inherit' ? 'inherit' : 'ignore', stdout, quiet ? 'pipe' : 'inherit'],
  });

  /** @type {Buffer[]} */
  const kept = [];
  child.stdout?.on('data', (chunk) => kept.push(chunk));
  child.stderr?.on('data', (chunk) => kept.push(chunk));

  const passOn = (/** @type {NodeJS.Signals} */ signal) => void child.kill(signal);
  process.on('SIGINT', passOn).on('SIGTERM', passOn);

  return new Promise((resolve, reject) => {
    child.on('error', (cause) => reject(new Error(`could not start ${command}`, { cause })));
    child.on('close', (code, signal) => {
      process.off('SIGINT', passOn).off('SIGTERM', passOn);
      const exitCode = code ?? (signal === 'SIGINT' ? 130 : 143);
      if (exitCode !== 0) for (const chunk of kept) process.stderr.write(chunk);
      resolve(exitCode);
    });
  });
}

/**
 * As `run`, for a step without which there is no going on.
 *
 * @param {Parameters<typeof run>} call
 */
export async function mustRun(...call) {
  const exitCode = await run(...call);
  if (exitCode !== 0) {
    throw new Error(
      `failed with exit code ${exitCode}: ${[call[0], ...(call[1] ?? [])].join(' ')}`,
    );
  }
}
