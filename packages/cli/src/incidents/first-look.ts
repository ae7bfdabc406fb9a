import {
  type Findings,
  type IncidentReader,
  type LineCounts,
  newCounts,
  readIncidents,
  Survey,
} from '@holdopen/observe';
import type { Stream } from '../terminal.js';
import { type Filter, isAskedFor } from './filter.js';
import { Progress } from './progress.js';
import { openSource, reasonOf, type Source } from './sources.js';

export interface FirstLook {
  readonly findings: Findings;
  readonly counts: LineCounts;
  /** Files that could not be read to their ends. */
  readonly broken: readonly string[];
  /** Instances whose files nobody has ended. */
  readonly unended: number;
}

/** No time-out shows in a single incident, so all are read once before. */
export async function look(
  files: readonly Source[],
  filter: Filter,
  progressTo: Stream,
): Promise<FirstLook> {
  const survey = new Survey();
  const counts = newCounts();
  const broken: string[] = [];
  let unended = 0;
  const progress = new Progress(files, progressTo);
  for (const file of files) {
    const end = new FileEnd();
    const reader: IncidentReader = {
      incident(incident) {
        if (isAskedFor(incident, filter)) survey.incident(incident);
        end.saw(incident.time, incident.outcome === 'died');
      },
      other(line) {
        survey.other(line);
        if ('time' in line) end.saw(line.time, line.kind === 'end' || line.kind === 'rotated');
        if (line.kind === 'instance') end.heartbeatMs = line.heartbeatMs;
      },
    };
    try {
      await readIncidents(progress.through(openSource(file)), reader, counts);
    } catch (error) {
      broken.push(`${file.name}: ${reasonOf(error)}; what stands before that was read`);
    }
    if (end.isLeftOpen) unended += 1;
  }
  progress.done();
  return { findings: survey.findings(), counts, broken, unended };
}

/** Heartbeats that may be missing before a file counts as left open. */
const MISSING_HEARTBEATS = 3;

class FileEnd {
  heartbeatMs: number | undefined;
  #lastMs = 0;
  #isEnded = false;

  saw(time: string, isEnd: boolean): void {
    this.#lastMs = Math.max(this.#lastMs, Date.parse(time));
    this.#isEnded ||= isEnd;
  }

  get isLeftOpen(): boolean {
    if (this.#isEnded || this.heartbeatMs === undefined) return false;
    return Date.now() - this.#lastMs > MISSING_HEARTBEATS * this.heartbeatMs;
  }
}
