// `npm run pack [-- <folder>]`: the packages as npm would deliver them, for a project of one's own.
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mustRun, root, say } from './run.mjs';
import { setup } from './setup.mjs';

/**
 * Packs what is published, as it is built.
 *
 * @param {string} folder where the tarballs go; older ones in it are removed
 * @returns {Promise<string[]>} their paths
 */
export async function pack(folder) {
  mkdirSync(folder, { recursive: true });
  const tarballs = () =>
    readdirSync(folder)
      .filter((name) => /^holdopen-.*\.tgz$/.test(name))
      .map((name) => join(folder, name));
  for (const path of tarballs()) rmSync(path);
  const { packageManager } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
  // npm itself would leave `workspace:` in their dependencies.
  const pnpm = ['--yes', '--loglevel=error', packageManager, '--filter=./packages/*'];
  const args = ['--recursive', 'pack', '--pack-destination', folder];
  await mustRun('npx', [...pnpm, ...args], { output: 'quiet' });
  return tarballs();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const folder = resolve(process.argv[2] ?? `${root}packed`);
    say('Setting up (the first time takes about a minute) …');
    await setup({ quiet: true, systemPackages: false });
    const { length } = await pack(folder);
    say(`${length} packages. In an empty folder:\n\n  npm install ${folder}/*.tgz express`);
  } catch (error) {
    say(`pack: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
}
