import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Incident, newCounts, readIncidents } from '@holdopen/observe';
import { findSources, type Source } from './sources.js';

/** How often the files are looked at. */
const LOOK_MS = 500;

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
  const offsets = new Map(read.map((file) => [keyOf(file), file.bytes]));
  while (!signal.aborted) {
    const { files } = await findSources(named, nothing());
    for (const file of files) {
      const from = offsets.get(keyOf(file)) ?? 0;
      if (file.bytes <= from) continue;
      // A line that is being written is read when it is whole.
      const whole = await endOfLines(file, from);
      if (whole === from) continue;
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

async function endOfLines({ path, bytes }: Source, from: number): Promise<number> {
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
    return from;
  }
  return end;
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
