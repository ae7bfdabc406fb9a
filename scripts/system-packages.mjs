// The programs that the tests use and npm does not have.
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { mustRun, run, say } from './run.mjs';

/** Debian package, the program it brings, and what Homebrew calls it. */
const PACKAGES = [
  { name: 'nginx', program: 'nginx', homebrew: 'nginx' },
  { name: 'curl', program: 'curl', homebrew: 'curl' },
  { name: 'redis-server', program: 'redis-server', homebrew: 'redis' },
  { name: 'chromium', program: 'chromium', homebrew: 'chromium' },
  { name: 'prometheus', program: 'promtool', homebrew: 'prometheus' },
];
/** What Debian starts as soon as it is installed. */
const SERVICES = ['nginx', 'redis-server', 'prometheus'];

const isRootOnDebian = () => process.getuid?.() === 0 && existsSync('/etc/debian_version');

/** Installs what is missing where that is possible; elsewhere says what to install. */
export async function installSystemPackages() {
  const absent = PACKAGES.filter(({ program }) => !isInstalled(program));
  if (absent.length === 0) return;

  const missing = absent.map(({ name }) => name);
  const packages = missing.join(' ');
  if (!isRootOnDebian()) {
    throw new Error(
      `the tests need programs that are not installed: ${packages}\n` +
        `  Debian, Ubuntu:  sudo apt-get install --no-install-recommends ${packages}\n` +
        `  macOS:           brew install ${absent.map(({ homebrew }) => homebrew).join(' ')}`,
    );
  }

  say(`installing from Debian: ${packages}`);
  const apt = (/** @type {string[]} */ ...args) =>
    mustRun('apt-get', args, { env: { DEBIAN_FRONTEND: 'noninteractive' }, output: 'quiet' });
  await apt('update');
  await apt('install', '-y', '--no-install-recommends', ...missing);
  // It was not there before, so nobody needs it.
  for (const service of SERVICES.filter((name) => missing.includes(name))) {
    await run('service', [service, 'stop'], { output: 'quiet' });
  }
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
