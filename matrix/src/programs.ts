import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findPrograms } from '../../test/support/program.js';

/** A row's program is not here; the message is the reason that stands in the document. */
export class NotOnThisMachine extends Error {}

/** Where a program is. @throws NotOnThisMachine */
export function findProgram(name: string, debian: string): string {
  const place = findPrograms(name)[0];
  if (place !== undefined) return place;
  throw new NotOnThisMachine(`there is no ${name} (Debian: ${debian})`);
}

/** What is found, where it is found. @throws NotOnThisMachine */
export function here(find: () => string): string {
  try {
    return find();
  } catch (error) {
    throw new NotOnThisMachine(error instanceof Error ? error.message : String(error));
  }
}

/** What a program prints on both of its outputs, whatever its exit code. */
export function printed(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(program, [...args], { timeout: 60_000 }, (_error, stdout, stderr) =>
      resolve(`${stdout}${stderr}`),
    );
  });
}

/** The first number with dots in what a program says of itself. */
export async function versionOf(program: string, args: readonly string[]): Promise<string> {
  return /\d+\.\d+(?:\.\d+)*/.exec(await printed(program, args))?.[0] ?? 'unknown';
}

/** The version of an npm package of this workspace folder; its exports may hide its package.json. */
export function installedVersion(name: string): string {
  const file = join(import.meta.dirname, '../node_modules', name, 'package.json');
  const { version }: { version: string } = JSON.parse(readFileSync(file, 'utf8'));
  return version;
}
