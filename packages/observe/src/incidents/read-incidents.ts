import type { Incident, JournalLine } from '../journal/record.js';
import { readLines } from './lines.js';
import { parseLine } from './parse.js';

/** So many ids back a line that stands twice is known. */
const REMEMBERED = 4_096;

/** What the lines were. Nothing of it ends the reading. */
export interface LineCounts {
  lines: number;
  incidents: number;
  /** Half a line, or none of a journal's. */
  broken: number;
  /** Of a later version of the journal. */
  newer: number;
  /** Stood there already. */
  repeated: number;
}

export function newCounts(): LineCounts {
  return { lines: 0, incidents: 0, broken: 0, newer: 0, repeated: 0 };
}

/** What a reader is told. */
export interface IncidentReader {
  incident(incident: Incident): void;
  /** What else stands there: instances, their heartbeats, what they worked on. */
  other?(line: Exclude<JournalLine, Incident>): void;
}

/**
 * Reads one journal, packed or not.
 *
 * @throws if the source cannot be read any further; what came before has been told by then
 */
export async function readIncidents(
  source: AsyncIterable<Uint8Array>,
  reader: IncidentReader,
  counts: LineCounts = newCounts(),
): Promise<LineCounts> {
  const seen = new Remembered(REMEMBERED);
  for await (const lines of readLines(source)) {
    for (const text of lines) {
      const line = parseLine(text);
      if (line === 'empty') continue;
      counts.lines += 1;
      if (line === 'broken') counts.broken += 1;
      else if (line === 'newer') counts.newer += 1;
      else if (line.kind !== 'incident') reader.other?.(line);
      else if (!seen.isNew(line.id)) counts.repeated += 1;
      else {
        counts.incidents += 1;
        reader.incident(line);
      }
    }
  }
  return counts;
}

class Remembered {
  readonly #most: number;
  #recent = new Set<string>();
  #before = new Set<string>();

  constructor(most: number) {
    this.#most = most;
  }

  isNew(id: string): boolean {
    if (this.#recent.has(id) || this.#before.has(id)) return false;
    if (this.#recent.size >= this.#most) {
      this.#before = this.#recent;
      this.#recent = new Set();
    }
    this.#recent.add(id);
    return true;
  }
}
