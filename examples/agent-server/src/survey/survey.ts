import { extname, relative, sep } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { inspectFile } from './file.js';
import { languageOf } from './languages.js';
import { listFiles } from './list.js';

export interface Survey {
  readonly files: number;
  readonly bytes: number;
  /** Whether the tree has more files than were looked at. */
  readonly truncated: boolean;
  /** Files that could not be read, or were gone when it was their turn. */
  readonly unreadable: number;
  /** By lines, most first. */
  readonly languages: readonly Language[];
  /** The largest files, largest first. */
  readonly largest: readonly { readonly path: string; readonly bytes: number }[];
  /** SHA-256 of each file by its path, which is relative to the directory and has `/` in it. */
  readonly sha256: Readonly<Record<string, string>>;
}

interface Language {
  readonly name: string;
  files: number;
  lines: number;
}

const LARGEST = 10;

/**
 * Looks at each file below `directory`. The work is spread evenly until `untilMs` on the clock of
 * `performance.now()`; a tree that takes longer takes longer.
 */
export async function survey(directory: string, untilMs: number): Promise<Survey> {
  const startMs = performance.now();
  const { paths, truncated } = await listFiles(directory);

  let bytes = 0;
  let unreadable = 0;
  const languages = new Map<string, Language>();
  const sizes: { path: string; bytes: number }[] = [];
  const sha256: [path: string, hash: string][] = [];

  for (const [index, path] of paths.entries()) {
    const file = await inspectFile(path);
    if (file === undefined) {
      unreadable += 1;
    } else {
      const name = relative(directory, path).split(sep).join('/');
      bytes += file.bytes;
      sha256.push([name, file.sha256]);
      sizes.push({ path: name, bytes: file.bytes });

      const languageName = file.binary ? 'binary' : languageOf(extname(path));
      const language = languages.get(languageName) ?? { name: languageName, files: 0, lines: 0 };
      language.files += 1;
      language.lines += file.lines;
      languages.set(languageName, language);
    }
    await waitUntil(startMs + ((untilMs - startMs) * (index + 1)) / paths.length);
  }
  await waitUntil(untilMs);

  return {
    files: sizes.length,
    bytes,
    truncated,
    unreadable,
    languages: [...languages.values()].sort((a, b) => b.lines - a.lines),
    largest: sizes.sort((a, b) => b.bytes - a.bytes).slice(0, LARGEST),
    sha256: Object.fromEntries(sha256),
  };
}

async function waitUntil(timeMs: number): Promise<void> {
  const restMs = timeMs - performance.now();
  if (restMs > 0) await delay(restMs);
}
