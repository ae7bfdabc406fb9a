// The programs that the tests use and npm does not have.
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { mustRun, run, say } from './run.mjs';

/** Debian package and the program it brings. */
const PACKAGES = [
  { name: 'nginx', program: 'nginx' },
  { name: 'curl', program: 'curl' },
];

const isRootOnDebian = () => process.getuid?.() === 0 && existsSync('/etc/debian_version');

/** Installs what is missing where that is possible; elsewhere says what to install. */
export async function installSystemPackages() {
  const missing = PACKAGES.filter(({ program }) => !isInstalled(program)).map(({ name }) => name);
  if (missing.length === 0) return;

  const packages = missing.join(' ');
  if (!isRootOnDebian()) {
    throw new Error(
      `the tests need programs that are not installed: ${packages}\n` +
        `  Debian, Ubuntu:  sudo apt-get install --no-install-recommends ${packages}\n` +
        `  macOS:           brew install ${packages}`,
    );
  }

  say(`installing from Debian: ${packages}`);
  const apt = (/** @type {string[]} */ ...args) =>
    mustRun('apt-get', args, { env: { DEBIAN_FRONTEND: 'noninteractive' }, output: 'quiet' });
  await apt('update');
  await apt('install', '-y', '--no-install-recommends', ...missing);
  // Debian starts a server as soon as it is installed. It was not there before, so nobody needs it.
  if (missing.includes('nginx')) await run('service', ['nginx', 'stop'], { output: 'quiet' });
}

/** @param {string} program */
function isInstalled(program) {
  // Debian keeps servers in /usr/sbin, which is not on everyone's PATH.
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin'];
  return folders.some((folder) => isExecutable(join(folder, program)));
}

/** @param {string} file */
function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
