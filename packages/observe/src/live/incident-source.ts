import { IncidentRing } from './incident-ring.js';
import type { LiveJournal, LiveSettings } from './options.js';
import type { RunsSeen } from './runs-seen.js';
import type { IncidentRow } from './wire.js';

/** Where the page has its incidents from. */
export interface IncidentSource {
  /** Newest first. */
  rows(): readonly IncidentRow[];
  /** How many there are, also of those that are not kept. */
  count(): number;
  stop(): void;
}

/** The journal's, which has those of other processes, too; or a ring of the page's own. */
export function incidentSource(
  { journal, maxIncidents }: LiveSettings,
  runs: RunsSeen | undefined,
): IncidentSource {
  return journal === undefined
    ? new IncidentRing(maxIncidents, runs)
    : new JournalIncidents(journal, maxIncidents);
}

type Recorded = ReturnType<LiveJournal['recent']>[number];

class JournalIncidents implements IncidentSource {
  readonly #journal: LiveJournal;
  readonly #max: number;

  constructor(journal: LiveJournal, max: number) {
    this.#journal = journal;
    this.#max = max;
  }

  rows(): readonly IncidentRow[] {
    return this.#journal.recent().slice(0, this.#max).map(rowOf);
  }

  count(): number {
    const status = this.#journal.status?.();
    return status === undefined ? this.rows().length : status.incidents + status.deaths;
  }

  /** The journal goes on without the page. */
  stop(): void {}
}

function rowOf(incident: Recorded): IncidentRow {
  const { id, time, route = '', status, code, heldMs, silentMs, beats } = incident;
  return {
    id,
    at: Date.parse(time),
    kind: kindOf(incident),
    route,
    subject: incident.hold ?? incident.run ?? incident.instance ?? id,
    ...(status === undefined ? {} : { status }),
    ...(code === undefined ? {} : { code }),
    ...(heldMs === undefined ? {} : { heldMs }),
    ...(silentMs === undefined ? {} : { silentMs }),
    ...(beats === undefined ? {} : { beats }),
  };
}

/** As the page words it. */
function kindOf({ subject, outcome, code }: Recorded): string {
  if (subject !== 'hold') return `${subject}-${outcome}`;
  if (outcome === 'disconnected') return 'client-left';
  if (outcome === 'failed' && code === 'silence') return 'silent';
  return code === 'drained' ? 'drained' : outcome;
}
