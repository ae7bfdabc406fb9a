import type { RunEvent, RunFacts } from '@holdopen/runs';
import { watchRuns } from '../watch.js';
import type { LiveRuns } from './options.js';
import type { IncidentKind, IncidentRow, RunRow } from './wire.js';

const { performance: clock } = globalThis;

/** How many ended runs stay in the table, and for how long. */
const ENDED_KEPT = 50;
const ENDED_KEPT_MS = 10 * 60_000;

const FAILURES: Readonly<Record<string, IncidentKind>> = {
  failed: 'run-failed',
  lost: 'run-lost',
  released: 'run-released',
  cancelled: 'run-cancelled',
};

/**
 * The runs whose work was begun in this process since the page was mounted. They are followed from their
 * start, since nobody could list them afterwards; one that starts costs an entry in a map.
 */
export class RunsSeen {
  readonly #runs: LiveRuns;
  readonly #running = new Map<string, RunRow>();
  /** Oldest first. */
  readonly #ended = new Map<string, RunRow>();
  readonly #counts: Record<string, number> = {};
  readonly #stop: () => void;
  onFailure: ((incident: Omit<IncidentRow, 'id' | 'at'>) => void) | undefined;

  constructor(runs: LiveRuns) {
    this.#runs = runs;
    const types = ['run-start', 'run-end', 'run-lost'] as const;
    this.#stop = watchRuns((event) => this.#heard(event), types);
  }

  /** By state. */
  get counts(): Readonly<Record<string, number>> {
    return { running: this.#running.size, ...this.#counts };
  }

  get size(): number {
    return this.#running.size + this.#ended.size;
  }

  /** Those that go on, oldest first, then those that have ended, last first. */
  rows(maxRows: number): readonly RunRow[] {
    this.#forget();
    const rows: RunRow[] = [];
    for (const row of this.#running.values()) {
      if (rows.length >= maxRows) return rows;
      rows.push({ ...row, watchers: this.#watchersOf(row.id) });
    }
    for (const row of [...this.#ended.values()].reverse()) {
      if (rows.length >= maxRows) return rows;
      rows.push(row);
    }
    return rows;
  }

  stop(): void {
    this.#stop();
  }

  #watchersOf(run: string): number {
    return this.#runs.context.feeds.watchers(run);
  }

  #heard(event: RunEvent): void {
    const nowMs = Math.round(clock.now());
    if (event.type === 'run-start') {
      const { id, attempt } = event.run;
      this.#ended.delete(id);
      const route = event.run.route ?? '';
      this.#running.set(id, { id, route, attempt, state: 'running', startedMs: nowMs });
    } else if (event.type === 'run-end') {
      const { run, state, status, code, ranMs } = event;
      this.#end(run, state, nowMs, status, code, Math.round(nowMs - ranMs));
    } else if (event.type === 'run-lost') {
      this.#end(event.run, 'lost', nowMs);
    }
  }

  #end(
    run: RunFacts,
    state: string,
    endedMs: number,
    status?: number | undefined,
    code?: string | undefined,
    startedMs?: number,
  ): void {
    const { id, attempt } = run;
    // Found by more than one, or by its owner, too.
    if (this.#ended.get(id)?.attempt === attempt) return;
    const began = this.#running.get(id)?.startedMs ?? startedMs ?? endedMs;
    this.#running.delete(id);
    const route = run.route ?? '';
    const why = {
      ...(status === undefined ? {} : { status }),
      ...(code === undefined ? {} : { code }),
    };
    this.#ended.set(id, { id, route, attempt, state, startedMs: began, endedMs, ...why });
    this.#counts[state] = (this.#counts[state] ?? 0) + 1;
    this.#forget();
    const kind = FAILURES[state];
    if (kind !== undefined)
      this.onFailure?.({ kind, route, subject: id, heldMs: endedMs - began, ...why });
  }

  #forget(): void {
    const beforeMs = clock.now() - ENDED_KEPT_MS;
    for (const [id, { endedMs = 0 }] of this.#ended) {
      if (this.#ended.size <= ENDED_KEPT && endedMs > beforeMs) return;
      this.#ended.delete(id);
    }
  }
}
