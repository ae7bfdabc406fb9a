import { readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * - `live`: its instance writes to it.
 * - `claimed`: an instance writes down that it died.
 * - `dead`: that is done.
 * - `closed`: its instance went on in another file, or ended by itself.
 */
export type FileState = 'live' | 'claimed' | 'dead' | 'closed';

export interface JournalFileName {
  readonly name: string;
  /** What stays of the name, whatever state the file is in. */
  readonly stem: string;
  readonly instance: string;
  /** Counts the files of an instance from 1. */
  readonly segment: number;
  readonly state: FileState;
  /** Who claimed it. */
  readonly claimedBy: string | undefined;
}

const NAME =
  /^(holdopen-\d{8}T\d{9}Z-([0-9a-f]{12})-(\d{1,9}))(?:\.(live|dead|claimed)(?:-([0-9a-f]{12}))?)?\.ndjson$/;

/** The time comes first, so that names sort by it. */
export function newStem(instance: string, segment: number): string {
  return `holdopen-${new Date().toISOString().replace(/[-:.]/g, '')}-${instance}-${segment}`;
}

export function fileName(stem: string, state: FileState, claimedBy?: string): string {
  if (state === 'closed') return `${stem}.ndjson`;
  return `${stem}.${state}${claimedBy === undefined ? '' : `-${claimedBy}`}.ndjson`;
}

function parseName(name: string): JournalFileName | undefined {
  const match = NAME.exec(name);
  if (match === null) return undefined;
  const [, stem = '', instance = '', segment, state = 'closed', claimedBy] = match;
  if ((state === 'claimed') !== (claimedBy !== undefined)) return undefined;
  return { name, stem, instance, segment: Number(segment), state: state as FileState, claimedBy };
}

/** The journal's files in a directory, oldest first. */
export async function listFiles(directory: string): Promise<JournalFileName[]> {
  const names = await readdir(directory);
  const files = names.map(parseName).filter((file) => file !== undefined);
  return files.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * Deletes what is too old, and the oldest of what is too many. Files that somebody writes to stay.
 */
export async function prune(directory: string, maxFiles: number, maxAgeMs: number): Promise<void> {
  const old = (await listFiles(directory)).filter(
    ({ state }) => state === 'closed' || state === 'dead',
  );
  const tooMany = old.length - maxFiles;
  for (const [index, { name }] of old.entries()) {
    const path = join(directory, name);
    if (index < tooMany || (await isOlder(path, maxAgeMs))) await unlink(path).catch(() => {});
  }
}

async function isOlder(path: string, ageMs: number): Promise<boolean> {
  try {
    return Date.now() - (await stat(path)).mtimeMs > ageMs;
  } catch {
    return false;
  }
}
