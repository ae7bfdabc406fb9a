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
  { name: 'haproxy', program: 'haproxy', homebrew: 'haproxy' },
  { name: 'caddy', program: 'caddy', homebrew: 'caddy' },
  { name: 'varnish', program: 'varnishd', homebrew: 'varnish' },
  { name: 'python3', program: 'python3', homebrew: 'python' },
  // A server in Go, ready built: a compiler would be 60 times as large.
  { name: 'webhook', program: 'webhook', homebrew: 'webhook' },
  { name: 'prometheus', program: 'promtool', homebrew: 'prometheus' },
];
/** What only the matrix uses. It names what it does not find, so none of it is a must. */
const MATRIX_PACKAGES = [
  { name: 'apache2', program: 'apache2' },
  { name: 'squid', program: 'squid' },
  { name: 'lighttpd', program: 'lighttpd' },
  { name: 'h2o', program: 'h2o' },
  { name: 'trafficserver', program: 'traffic_server' },
  { name: 'nghttp2-proxy', program: 'nghttpx' },
  { name: 'wget', program: 'wget' },
  { name: 'golang-go', program: 'go' },
  { name: 'default-jdk-headless', program: 'javac' },
  { name: 'lighttpd-mod-openssl', file: '/usr/lib/lighttpd/mod_openssl.so' },
  { name: 'python3-httpx', module: 'httpx' },
  { name: 'python3-h2', module: 'h2' },
  { name: 'python3-requests', module: 'requests' },
  { name: 'python3-aiohttp', module: 'aiohttp' },
];

/** What Debian starts as soon as it is installed. */
const SERVICES = ['nginx', 'redis-server', 'haproxy', 'caddy', 'varnish', 'webhook', 'prometheus'];

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

/** Installs for the matrix what Debian has, where that is possible; what there is not, it goes without. */
export async function installMatrixPackages() {
  const absent = MATRIX_PACKAGES.filter(({ program, module, file }) => {
    if (program !== undefined) return !isInstalled(program);
    return file === undefined ? !hasModule(module) : !existsSync(file);
  });
  if (absent.length === 0 || !isRootOnDebian()) return;
  const apt = (/** @type {string[]} */ ...args) =>
    run('apt-get', args, { env: { DEBIAN_FRONTEND: 'noninteractive' }, output: 'quiet' });
  if ((await apt('update')) !== 0) say('the lists of packages could not be renewed');
  // One by one: a release of Debian that lacks one has the others.
  for (const { name } of absent) {
    say(`installing from Debian: ${name}`);
    if ((await apt('install', '-y', '--no-install-recommends', name)) !== 0) {
      say(`not to be had: ${name}`);
      continue;
    }
    // It was not there before, so nobody needs it.
    if (existsSync(`/etc/init.d/${name}`)) {
      await run('service', [name, 'stop'], { output: 'quiet' });
    }
  }
}

/** @param {string | undefined} module */
const hasModule = (module) => existsSync(`/usr/lib/python3/dist-packages/${module}`);

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
