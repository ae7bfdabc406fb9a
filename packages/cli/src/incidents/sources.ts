import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { glob } from 'tinyglobby';

/** A journal that can be read more than once. */
export interface Source {
  /** As it is shown. */
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  /** Stays when it is renamed: its disk and its number there, which may be too large for a float. */
  readonly identity: string;
}

export interface Sources {
  readonly files: readonly Source[];
  /** What was named and cannot be read, and why. */
  readonly unreadable: readonly string[];
  /** Drops what had to be kept of standard input. */
  close(): Promise<void>;
}

/** In a directory these are looked for. */
const JOURNALS = '*.ndjson{,.gz}';

/** Files, directories and patterns. `-` is standard input. */
export async function findSources(
  named: readonly string[],
  stdin: AsyncIterable<Uint8Array>,
): Promise<Sources> {
  const files = new Map<string, Source>();
  const unreadable: string[] = [];
  const spooled = new Set<string>();
  let spool: string | undefined;
  for (const name of named) {
    try {
      if (!(await isPipe(name))) {
        await addNamed(files, name);
        continue;
      }
      // It can be read but once, even if it is named again.
      if (spooled.has(name)) continue;
      // Time-outs are seen only when all has been read, so it is read twice.
      spool ??= await mkdtemp(join(tmpdir(), 'holdopen-'));
      const path = join(spool, `${spooled.size}`);
      spooled.add(name);
      const bytes = name === '-' ? stdin : createReadStream(name);
      await pipeline(bytes, createWriteStream(path, { mode: 0o600 }));
      await addFile(files, path, name === '-' ? '(standard input)' : name);
    } catch (error) {
      unreadable.push(`${name}: ${reasonOf(error)}`);
    }
  }
  return {
    files: [...files.values()],
    unreadable,
    async close() {
      if (spool !== undefined) await rm(spool, { recursive: true, force: true });
    },
  };
}

/** Standard input, or a pipe as a shell makes of `<(command)`: it has no size, and nothing of it comes twice. */
export async function isPipe(name: string): Promise<boolean> {
  if (name === '-') return true;
  const found = await stat(name).catch(() => undefined);
  return found !== undefined && !found.isFile() && !found.isDirectory();
}

async function addNamed(files: Map<string, Source>, name: string): Promise<void> {
  const found = await stat(name).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  });
  if (found?.isDirectory() === true) {
    const paths = await glob(JOURNALS, { cwd: name, dot: true });
    if (paths.length === 0) throw new Error('there is no journal (*.ndjson) in this directory');
    for (const path of paths.sort()) await addPresent(files, join(name, path));
  } else if (found !== undefined) {
    await addFile(files, name, name);
  } else {
    const paths = await glob(name, { dot: true });
    if (paths.length === 0) throw new Error('there is no such file, and no file fits the pattern');
    for (const path of paths.sort()) await addPresent(files, path);
  }
}

/** It may have been renamed since the directory was read. */
async function addPresent(files: Map<string, Source>, path: string): Promise<void> {
  await addFile(files, path, path).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  });
}

async function addFile(files: Map<string, Source>, path: string, name: string): Promise<void> {
  const { size, dev, ino } = await stat(path, { bigint: true });
  const identity = `${dev}-${ino}`;
  if (!files.has(identity)) files.set(identity, { name, path, bytes: Number(size), identity });
}

/** The first `bytes` of it, and no line that is written meanwhile. */
export function openSource({ path, bytes }: Source): AsyncIterable<Uint8Array> {
  return bytes === 0 ? none() : createReadStream(path, { end: bytes - 1, highWaterMark: 2 ** 18 });
}

async function* none(): AsyncGenerator<Uint8Array> {}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
