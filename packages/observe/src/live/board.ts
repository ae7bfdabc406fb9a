import { randomUUID } from 'node:crypto';
import type { HoldEvent } from '@holdopen/core';
import { isOwnStream } from '../own-streams.js';
import { watchHolds } from '../watch.js';
import { HoldRows, type HoldsNow } from './hold-rows.js';
import { type IncidentSource, incidentSource } from './incident-source.js';
import type { LiveSettings } from './options.js';
import { RowList } from './row-list.js';
import { RunsSeen } from './runs-seen.js';
import { totalsNow } from './totals.js';
import { ValueHistory } from './value-history.js';
import {
  type History,
  type HoldRow,
  type IncidentRow,
  LIVE_PROTOCOL,
  type LiveAbout,
  type LiveEventName,
  type LiveTotals,
  type RunRow,
} from './wire.js';

const { performance: clock } = globalThis;
const encoder = new TextEncoder();

/** One look at the process, for all who watch. */
export interface Look {
  readonly sequence: number;
  readonly change: Uint8Array<ArrayBuffer>;
  /** Made when the first of them needs it. */
  whole(): Uint8Array<ArrayBuffer>;
}

/** What the page shows. Between two looks nothing is computed but what happened to fail. */
export class Board {
  readonly #settings: LiveSettings;
  readonly #holdRows: HoldRows;
  readonly #incidents: IncidentSource;
  readonly #runs: RunsSeen | undefined;
  readonly #lists = {
    holds: new RowList<HoldRow>(),
    runs: new RowList<RunRow>(),
    incidents: new RowList<IncidentRow>(),
  };
  readonly #history = {
    holds: new ValueHistory(),
    beats: new ValueHistory(),
    bytes: new ValueHistory(),
  };
  readonly #mount = randomUUID();
  #sequence = 0;
  #lookedAtMs: number | undefined;
  #beats = 0;
  #payloadSize = 0;
  /** What those have written that ended since the last look. */
  #endedSize = 0;
  #stopFollowing: (() => void) | undefined;

  constructor(settings: LiveSettings) {
    const { maxRows, client, runs } = settings;
    this.#settings = settings;
    this.#runs = runs && new RunsSeen(runs);
    this.#holdRows = new HoldRows(maxRows, client);
    this.#incidents = incidentSource(settings, this.#runs);
  }

  /** Somebody watches: what holds wrote that end between two looks must be known. */
  begin(): void {
    const nowMs = clock.now();
    if (this.#lookedAtMs !== undefined) {
      const missed = Math.round((nowMs - this.#lookedAtMs) / this.#settings.updateMs) - 1;
      for (const values of Object.values(this.#history)) values.skip(missed);
    }
    this.#lookedAtMs = nowMs;
    this.#endedSize = 0;
    this.#payloadSize = this.#holdRows.now(nowMs).payloadSize;
    this.#beats = totalsNow().beats;
    this.#stopFollowing = watchHolds((event) => this.#ended(event), ['end']);
  }

  /** Nobody watches any more. */
  end(): void {
    this.#stopFollowing?.();
    this.#stopFollowing = undefined;
  }

  look(watchers: number): Look {
    const nowMs = clock.now();
    const { maxRows } = this.#settings;
    const holds = this.#holdRows.now(nowMs);
    const { beats } = totalsNow();
    const news = this.#measure(nowMs, beats, holds);
    this.#sequence += 1;

    const totals: LiveTotals = {
      ...totalsNow(),
      holds: holds.count,
      streaming: holds.streaming,
      runs: this.#runs?.counts ?? {},
      incidents: this.#incidents.count(),
      watchers,
    };
    const start = `{"sequence":${this.#sequence},"nowMs":${Math.round(nowMs)},"totals":${JSON.stringify(totals)}`;
    const runRows = this.#runs?.rows(maxRows) ?? [];
    const incidentRows = this.#incidents.rows();
    const parts = {
      holds: this.#lists.holds.update(holds.rows, holds.count - holds.rows.length),
      runs: this.#lists.runs.update(runRows, (this.#runs?.size ?? 0) - runRows.length),
      incidents: this.#lists.incidents.update(
        incidentRows,
        this.#incidents.count() - incidentRows.length,
      ),
      history: JSON.stringify(news),
    };
    let whole: Uint8Array<ArrayBuffer> | undefined;
    return {
      sequence: this.#sequence,
      change: event('change', `${start}${membersJson(parts)}}`),
      whole: () => {
        whole ??= event('whole', `${start}${membersJson(this.#all(nowMs))}}`);
        return whole;
      },
    };
  }

  /** What came since the last look, by the second; nothing right after `begin`. */
  #measure(nowMs: number, beats: number, holds: HoldsNow): History {
    const sinceMs = nowMs - (this.#lookedAtMs ?? nowMs);
    if (sinceMs < this.#settings.updateMs / 2) return { holds: [], beats: [], bytes: [] };
    const perSecond = (count: number): number =>
      Math.max(0, Math.round((count / sinceMs) * 100_000) / 100);
    const ofBeats = perSecond(beats - this.#beats);
    const ofBytes = perSecond(holds.payloadSize + this.#endedSize - this.#payloadSize);
    this.#history.holds.add(holds.count);
    this.#history.beats.add(ofBeats);
    this.#history.bytes.add(ofBytes);
    this.#beats = beats;
    this.#payloadSize = holds.payloadSize;
    this.#endedSize = 0;
    this.#lookedAtMs = nowMs;
    return { holds: [holds.count], beats: [ofBeats], bytes: [ofBytes] };
  }

  stop(): void {
    this.end();
    this.#incidents.stop();
    this.#runs?.stop();
  }

  #all(nowMs: number): Readonly<Record<string, string>> {
    const { name, instance, updateMs, client } = this.#settings;
    const about: LiveAbout = {
      protocol: LIVE_PROTOCOL,
      name,
      instance,
      mount: this.#mount,
      bootMs: Math.round(Math.min(0, nowMs - process.uptime() * 1_000)),
      updateMs,
      hasRuns: this.#runs !== undefined,
      showsClient: client !== undefined,
    };
    return {
      holds: this.#lists.holds.whole(),
      runs: this.#lists.runs.whole(),
      incidents: this.#lists.incidents.whole(),
      history: JSON.stringify({
        holds: this.#history.holds.values,
        beats: this.#history.beats.values,
        bytes: this.#history.bytes.values,
      }),
      about: JSON.stringify(about),
    };
  }

  #ended(event: HoldEvent): void {
    if (event.type !== 'end' || isOwnStream(event.request)) return;
    this.#endedSize += event.hold.payloadSize;
  }
}

function membersJson(members: Readonly<Record<string, string>>): string {
  return Object.entries(members)
    .map(([name, json]) => `,"${name}":${json}`)
    .join('');
}

function event(name: LiveEventName, data: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(`event: ${name}\ndata: ${data}\n\n`);
}
