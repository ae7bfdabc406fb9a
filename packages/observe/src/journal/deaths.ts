import { constants, createReadStream } from 'node:fs';
import { appendFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readLines } from '../incidents/lines.js';
import { parseLine } from '../incidents/parse.js';
import { fileName, type JournalFileName, listFiles } from './files.js';
import type { JournalSettings } from './options.js';
import { isGone } from './place.js';
import {
  type Incident,
  type InstanceLine,
  JOURNAL_VERSION,
  type OpenLine,
  toLine,
} from './record.js';

const { performance } = globalThis;

/** So many of what a process worked on are listed one by one; all are counted. */
export const MAX_LISTED = 10_000;

type Settings = Pick<JournalSettings, 'directory' | 'heartbeatMs' | 'staleAfterMs'>;

interface Watched {
  readonly size: number;
  /** Since when it has had this size, by our own clock: nobody else's can be trusted. */
  readonly sinceMs: number;
  readonly header: InstanceLine | undefined;
}

/**
 * Finds the files of instances that died, and writes down what they were doing. Whoever renames a file
 * has it, so that no death is told twice.
 */
export class DeathWatch {
  readonly #settings: Settings;
  readonly #instance: string;
  readonly #place: string | undefined;
  readonly #onDeath: (incident: Incident) => void;
  #watched = new Map<string, Watched>();
  #lookedMs = performance.now();

  constructor(
    settings: Settings,
    instance: string,
    place: string | undefined,
    onDeath: (incident: Incident) => void,
  ) {
    this.#settings = settings;
    this.#instance = instance;
    this.#place = place;
    this.#onDeath = onDeath;
  }

  /** Looks at all files once. A directory that cannot be read is looked at the next time. */
  async look(): Promise<void> {
    const nowMs = performance.now();
    // We were paused ourselves, perhaps with all the others.
    if (nowMs - this.#lookedMs > this.#settings.staleAfterMs) this.#watched.clear();
    this.#lookedMs = nowMs;
    const watched = new Map<string, Watched>();
    for (const file of await listFiles(this.#settings.directory)) {
      const isOthers = file.state === 'live' && file.instance !== this.#instance;
      if (!isOthers && file.state !== 'claimed') continue;
      try {
        const seen = await this.#see(file, nowMs);
        if (this.#isDead(file, seen, nowMs)) await this.#adopt(file);
        else watched.set(file.name, seen);
      } catch {
        // It was renamed in this moment, or the disk fails.
      }
    }
    this.#watched = watched;
  }

  async #see({ name }: JournalFileName, nowMs: number): Promise<Watched> {
    const path = join(this.#settings.directory, name);
    const { size } = await stat(path);
    const before = this.#watched.get(name);
    if (before?.size === size) return before;
    const header = before?.header ?? (await readHeader(path));
    return { size, sinceMs: nowMs, header };
  }

  #isDead({ state, claimedBy }: JournalFileName, seen: Watched, nowMs: number): boolean {
    if (claimedBy === this.#instance) return true;
    const { header, sinceMs } = seen;
    if (state === 'live' && header?.place !== undefined && header.place === this.#place) {
      if (isGone(header.pid)) return true;
    }
    const heartbeatMs = header?.heartbeatMs ?? 0;
    // Others may have been told to be slower.
    return nowMs - sinceMs >= Math.max(this.#settings.staleAfterMs, 2 * heartbeatMs);
  }

  async #adopt(file: JournalFileName): Promise<void> {
    const { directory } = this.#settings;
    const claimed = join(directory, fileName(file.stem, 'claimed', this.#instance));
    await rename(join(directory, file.name), claimed);
    const story = await this.#read(file, claimed);
    if (story.ended) {
      await rename(claimed, join(directory, fileName(file.stem, 'closed')));
      return;
    }
    const incidents = [...this.#deaths(file, story)];
    // Who paused over it may have been taken for dead: then the file is another's, and must not be made anew.
    const flag = constants.O_WRONLY | constants.O_APPEND;
    if (incidents.length > 0) {
      await appendFile(claimed, `\n${incidents.map(toLine).join('')}`, { flag });
    }
    await rename(claimed, join(directory, fileName(file.stem, 'dead')));
    for (const incident of incidents) this.#onDeath(incident);
  }

  async #read(file: JournalFileName, claimed: string): Promise<Story> {
    const { directory } = this.#settings;
    const earlier = (await listFiles(directory)).filter(
      ({ instance, state, segment }) =>
        instance === file.instance && state === 'closed' && segment < file.segment,
    );
    const paths = earlier
      .sort((a, b) => a.segment - b.segment)
      .map(({ name }) => join(directory, name));
    const story = new Story();
    for (const path of [...paths, claimed]) await story.read(path);
    return story;
  }

  *#deaths({ instance, segment }: JournalFileName, story: Story): Generator<Incident> {
    const { open, told, lastTime } = story;
    const facts = {
      v: JOURNAL_VERSION,
      kind: 'incident',
      time: lastTime,
      instance,
      outcome: 'died',
      segment,
      foundBy: this.#instance,
      foundAt: new Date().toISOString(),
    } as const;
    const death = `${instance}-died-${segment}`;
    // A predecessor may have died over it.
    if (told.has(death)) return;
    let left = MAX_LISTED;
    let holds = 0;
    for (const { subject, id, route, time } of open.values()) {
      if (subject === 'hold') holds += 1;
      left -= 1;
      if (left < 0 || told.has(`${death}-${id}`)) continue;
      yield {
        ...facts,
        id: `${death}-${id}`,
        subject,
        ...(route === undefined ? {} : { route }),
        ...(subject === 'hold' ? { hold: id } : { run: id }),
        // From its first beat on, by the clock of the dead, which may have jumped.
        heldMs: Math.max(0, Date.parse(lastTime) - Date.parse(time)) || 0,
      };
    }
    const runs = open.size - holds;
    yield { ...facts, id: death, subject: 'process', holds, runs };
  }
}

/** What a dead instance's files tell. */
class Story {
  readonly open = new Map<string, OpenLine>();
  /** Incidents that stand there of its death. */
  readonly told = new Set<string>();
  lastTime = new Date(0).toISOString();
  ended = false;

  async read(path: string): Promise<void> {
    for await (const lines of readLines(createReadStream(path))) {
      for (const text of lines) {
        const line = parseLine(text);
        if (typeof line === 'string') continue;
        if (line.kind === 'open') this.open.set(line.id, line);
        else if (line.kind === 'close') this.open.delete(line.id);
        else if (line.kind === 'gap' || line.kind === 'returned') {
          // What was open stands behind it; of what ended before, the end may stand in a file that others have.
          this.open.clear();
        } else if (line.kind === 'end') this.ended = true;
        if (line.kind === 'incident' && line.outcome === 'died') this.told.add(line.id);
        else if ('time' in line) this.lastTime = line.time;
      }
    }
  }
}

async function readHeader(path: string): Promise<InstanceLine | undefined> {
  for await (const [first] of readLines(createReadStream(path, { end: 4_095 }))) {
    const line = parseLine(first);
    if (typeof line === 'object' && line.kind === 'instance') return line;
    return undefined;
  }
  return undefined;
}
