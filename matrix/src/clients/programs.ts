import { join } from 'node:path';
import { bun, chromiumPath, deno, newestNode } from '../../../test/runtimes.js';
import { findPrograms } from '../../../test/support/program.js';
import {
  findProgram,
  here,
  installedVersion,
  NotOnThisMachine,
  printed,
  versionOf,
} from '../programs.js';
import type { Prepare } from './kind.js';

const SCRIPTS = join(import.meta.dirname, '../../clients');
const script = (name: string): string => join(SCRIPTS, name);

/** A script for the Node that runs this, with the version of the npm package that it shows. */
export function npmPackage(name: string, file: string): Prepare {
  return async () => ({
    version: installedVersion(name),
    command: [process.execPath, script(file)],
  });
}

export const nodeFetch: Prepare = async () => ({
  version: `${process.versions.node} (undici ${process.versions.undici})`,
  command: [process.execPath, script('node-fetch.mjs')],
});

/** The fetch of another runtime, which comes from npm as a binary. */
export function runtime(find: () => string, args: readonly string[] = []): Prepare {
  return async () => {
    const program = here(find);
    const version = await versionOf(program, ['--version']);
    return { version, command: [program, ...args, script('fetch.mjs')] };
  };
}

export const RUNTIMES = { bun, deno, newestNode };

export function chromium(file: string): Prepare {
  return async () => {
    const version = await versionOf(here(chromiumPath), ['--version']);
    return { version, command: [process.execPath, script(file)] };
  };
}

/** A module of Python. There may be several Pythons: Debian's packages are for Debian's own. */
export function python(module: string, file: string, debian?: string, needs = module): Prepare {
  return async () => {
    const show = `import ${module}, ${needs}; print('version', getattr(${module}, '__version__', ''))`;
    for (const program of findPrograms('python3')) {
      const said = await printed(program, ['-c', show]);
      if (!said.startsWith('version')) continue;
      const own = said.replace('version', '').trim();
      const version = own === '' ? await versionOf(program, ['--version']) : own;
      return { version, command: [program, script(file)] };
    }
    const where = debian === undefined ? 'this Debian has no such package' : `Debian: ${debian}`;
    throw new NotOnThisMachine(`Python has no module ${needs} (${where})`);
  };
}

export function tool(program: string, file: string): Prepare {
  return async () => ({
    version: await versionOf(findProgram(program, program), ['--version']),
    command: [process.execPath, script(file)],
  });
}

export const go: Prepare = async (folder) => {
  const compiler = findProgram('go', 'golang-go');
  const program = join(folder, 'go-client');
  const complaint = await printed(compiler, ['build', '-o', program, script('go/main.go')]);
  if (complaint !== '') throw new Error(`go build: ${complaint}`);
  return { version: await versionOf(compiler, ['version']), command: [program] };
};

export function java(main: string): Prepare {
  return async (folder) => {
    const compiler = findProgram('javac', 'default-jdk-headless');
    const program = findProgram('java', 'default-jdk-headless');
    const sources = ['HttpClientCall', 'UrlConnectionCall'].map((name) =>
      script(`java/${name}.java`),
    );
    const complaint = await printed(compiler, ['-d', folder, ...sources]);
    if (complaint !== '') throw new Error(`javac: ${complaint}`);
    return {
      version: await versionOf(program, ['-version']),
      command: [program, '-cp', folder, main],
    };
  };
}
