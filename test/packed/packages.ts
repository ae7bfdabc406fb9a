// The packages as npm would deliver them, in a project that has nothing else.
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { pack } from '../../scripts/pack.mjs';

const run = promisify(execFile);

export const ROOT: string = fileURLToPath(new URL('../..', import.meta.url));

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly exports: Readonly<Record<string, unknown>>;
}

interface PublicPackage extends Manifest {
  readonly folder: string;
}

/** What is published. */
function publicPackages(): PublicPackage[] {
  return readdirSync(`${ROOT}packages`)
    .map((name) => `${ROOT}packages/${name}`)
    .filter((folder) => existsSync(`${folder}/package.json`))
    .map((folder) => ({ ...readManifest(folder), folder }))
    .filter((manifest) => manifest.private !== true);
}

/** Vitest lets nobody load it but its tests. */
const FOR_VITEST = '@holdopen/faulty-path/vitest';

/** Each name that can be imported of them. */
export function entries(): string[] {
  return publicPackages()
    .flatMap(({ name, exports }) => Object.keys(exports).map((path) => name + path.slice(1)))
    .filter((entry) => entry !== FOR_VITEST);
}

/**
 * Packs them and installs them in an empty folder, with `others` from the registry.
 *
 * @returns the folder
 */
export async function installPacked(others: readonly string[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'holdopen-packed-'));
  const tarballs = await pack(folder);
  const project = { name: 'empty', private: true, type: 'module' };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(project));
  const options = ['--no-audit', '--no-fund', '--loglevel=error'];
  await run('npm', ['install', ...options, ...tarballs, ...others], { cwd: folder });
  return folder;
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')) as Manifest;
}
