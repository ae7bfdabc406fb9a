// Makes a fresh clone ready: programs, npm packages, build. Quick when there is nothing to do.
// Needs only Node and npm; everything it prints goes to stderr.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { mustRun, root, say } from './run.mjs';
import { installSystemPackages } from './system-packages.mjs';

/**
 * @param {{ quiet?: boolean, systemPackages?: boolean }} [options] `systemPackages`: whether the
 *   programs that only the tests need are installed too
 */
export async function setup({ quiet = false, systemPackages = true } = {}) {
  const output = quiet ? 'quiet' : 'stderr';
  if (systemPackages) await installSystemPackages();

  const { packageManager } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
  await mustRun(
    'npx',
    [
      '--yes',
      '--loglevel=error',
      packageManager,
      'install',
      '--frozen-lockfile',
      '--reporter=append-only',
    ],
    { output },
  );
  await mustRun('tsc', ['-b'], { output });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await setup();
  } catch (error) {
    say(`setup: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
}
