import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Incident, newCounts, readIncidents } from '@holdopen/observe';
import { findSources, type Source } from './sources.js';

/** How often the files are looked at. */
const LOOK_MS = 500;
/** No line of a journal is nearly as long. */
const LONGEST_LINE = 2 ** 18;

/**
 * Tells incidents as they are written, also into files that come later. It goes on from where the files
 * ended when they were read, until it is aborted.
 */
export async function follow(
  named: readonly string[],
  read: readonly Source[],
  signal: AbortSignal,
  tell: (incident: Incident) => void,
): Promise<void> {
  const offsets = new Map<string, number>();
  for (const file of read) {
    // Half of a line at its end was not told, and is when the rest has come.
    const whole = await endOfLines(file, Math.max(0, file.bytes - LONGEST_LINE));
    offsets.set(keyOf(file), whole ?? file.bytes);
  }
  while (!signal.aborted) {
    const { files } = await findSources(named, nothing());
    for (const file of files) {
      // Nothing is written to what is packed, and what it has was told before.
      if (file.path.endsWith('.gz')) continue;
      const known = offsets.get(keyOf(file)) ?? 0;
      // What has become shorter was emptied, as logrotate's copytruncate does.
      const from = file.bytes < known ? 0 : known;
      offsets.set(keyOf(file), from);
      // A line that is being written is read when it is whole.
      const whole = await endOfLines(file, from);
      if (whole === undefined || whole === from) continue;
      const stream = createReadStream(file.path, { start: from, end: whole - 1 });
      await readIncidents(stream, { incident: tell }, newCounts()).catch(() => {});
      offsets.set(keyOf(file), whole);
    }
    await sleep(LOOK_MS, undefined, { signal }).catch(() => {});
  }
}

/** What was deleted leaves its identity to a file that comes later; what of a name a rename keeps, does not. */
function keyOf({ identity, path }: Source): string {
  return `${identity} ${basename(path).replace(/(\.(live|dead|claimed-\w+))?\.ndjson$/, '')}`;
}

async function endOfLines({ path, bytes }: Source, from: number): Promise<number | undefined> {
  if (bytes === from) return from;
  let end = from;
  let at = from;
  try {
    for await (const chunk of createReadStream(path, { start: from, end: bytes - 1 })) {
      const last = (chunk as Buffer).lastIndexOf(0x0a);
      if (last !== -1) end = at + last + 1;
      at += (chunk as Buffer).length;
    }
  } catch {
    // It was renamed in this moment, and is found by its new name the next time.
    return undefined;
  }
  return end;
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
