import { readFile } from 'node:fs/promises';
import { HoldOpenError } from '@holdopen/core';

/** The package is published with its sources, so this is right beside them and beside what is built. */
const FOLDERS = ['./page/', '../../src/live/page/'];

const cache = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();

/** A file of the page, read once. */
export function readPageFile(name: string): Promise<Uint8Array<ArrayBuffer>> {
  let bytes = cache.get(name);
  if (bytes === undefined) {
    bytes = find(name);
    cache.set(name, bytes);
    bytes.catch(() => cache.delete(name));
  }
  return bytes;
}

async function find(name: string): Promise<Uint8Array<ArrayBuffer>> {
  for (const folder of FOLDERS) {
    try {
      return new Uint8Array(await readFile(new URL(folder + name, import.meta.url)));
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'ENOENT') throw error;
    }
  }
  throw new HoldOpenError(
    'HOLDOPEN_WRONG_MOUNT',
    `${name} of the live page is not beside @holdopen/observe. If a bundler put that package into one file with your server, tell it to leave it out (external: ['@holdopen/observe']).`,
  );
}
