import { opendir } from 'node:fs/promises';
import { join } from 'node:path';

const SKIPPED = new Set(['node_modules', '.git']);
const MAX_FILES = 5_000;
/** Bounds the walk over trees that have much else than files. */
const MAX_ENTRIES = 100_000;

/**
 * The regular files below a directory, sorted. Symbolic links are not followed; directories that
 * cannot be read are left out.
 */
export async function listFiles(root: string): Promise<{ paths: string[]; truncated: boolean }> {
  const paths: string[] = [];
  const directories = [root];
  let entries = 0;
  let truncated = false;

  for (let directory = directories.pop(); directory !== undefined; directory = directories.pop()) {
    try {
      for await (const entry of await opendir(directory)) {
        entries += 1;
        if (paths.length === MAX_FILES || entries > MAX_ENTRIES) {
          truncated = true;
          break;
        }
        const path = join(directory, entry.name);
        if (entry.isFile()) paths.push(path);
        else if (entry.isDirectory() && !SKIPPED.has(entry.name)) directories.push(path);
      }
    } catch {}
    if (truncated) break;
  }
  return { paths: paths.sort(), truncated };
}
