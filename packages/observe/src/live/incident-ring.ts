import type { HoldEvent, HoldInfo } from '@holdopen/core';
import { isOwnStream } from '../own-streams.js';
import { watchHolds } from '../watch.js';
import type { IncidentSource } from './incident-source.js';
import { routeName } from './route-name.js';
import type { RunsSeen } from './runs-seen.js';
import type { IncidentKind, IncidentRow } from './wire.js';

const { Date: Time } = globalThis;

/** The last failures. It listens to nothing that a response without one would publish. */
export class IncidentRing implements IncidentSource {
  readonly #rows: IncidentRow[] = [];
  readonly #max: number;
  readonly #stop: () => void;
  /** How many there were since the page was mounted. */
  #count = 0;

  constructor(max: number, runs: RunsSeen | undefined) {
    this.#max = max;
    this.#stop = watchHolds((event) => this.#heard(event), ['late-outcome', 'disconnect']);
    if (runs !== undefined) runs.onFailure = (incident) => this.#add(incident);
  }

  rows(): readonly IncidentRow[] {
    return this.#rows;
  }

  count(): number {
    return this.#count;
  }

  stop(): void {
    this.#stop();
  }

  #heard(event: HoldEvent): void {
    const { request } = event;
    if (isOwnStream(request)) return;
    if (event.type === 'disconnect') {
      this.#add({
        kind: 'client-left',
        route: routeName(event.hold, request),
        ...aboutHold(event.hold),
      });
    } else if (event.type === 'late-outcome' && !event.outcome.ok) {
      const { status, code } = event.outcome;
      const kind = KINDS[code] ?? 'failed';
      this.#add({
        kind,
        route: routeName(event.hold, request),
        status,
        code,
        ...aboutHold(event.hold),
      });
    }
  }

  #add(incident: Omit<IncidentRow, 'id' | 'at'>): void {
    this.#count += 1;
    this.#rows.unshift({ id: `${this.#count}`, at: Time.now(), ...incident });
    if (this.#rows.length > this.#max) this.#rows.pop();
  }
}

const KINDS: Readonly<Record<string, IncidentKind>> = { silence: 'silent', drained: 'drained' };

function aboutHold(hold: HoldInfo) {
  const { id: subject, beats, heldMs, silentMs } = hold;
  return { subject, beats, heldMs: Math.round(heldMs), silentMs: Math.round(silentMs) };
}
