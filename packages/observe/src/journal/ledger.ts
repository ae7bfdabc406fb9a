import { clip, isStatus } from './cause.js';
import {
  type CloseLine,
  type Incident,
  type IncidentFacts,
  JOURNAL_VERSION,
  type OpenLine,
} from './record.js';

const LONGEST_ROUTE = 200;
const LONGEST_ID = 100;

/** Where lines go. */
export interface LedgerSink {
  /** Something needs beats, or work was begun. */
  opened?(line: OpenLine): void;
  closed?(line: CloseLine): void;
  incident(incident: Incident): void;
}

/** What goes on and what has failed in this process, as lines. */
export class Ledger {
  readonly instance: string;
  readonly #sink: LedgerSink;
  readonly #open = { hold: new Map<string, OpenLine>(), run: new Map<string, OpenLine>() };
  #number = 0;

  constructor(instance: string, sink: LedgerSink) {
    this.instance = instance;
    this.#sink = sink;
  }

  get holds(): number {
    return this.#open.hold.size;
  }

  get runs(): number {
    return this.#open.run.size;
  }

  *opened(): Generator<OpenLine> {
    yield* this.#open.hold.values();
    yield* this.#open.run.values();
  }

  open(subject: 'hold' | 'run', id: string, route: string | undefined): void {
    const line: OpenLine = {
      kind: 'open',
      time: new Date().toISOString(),
      id: clip(id, LONGEST_ID),
      subject,
      ...(route === undefined ? {} : { route: clip(route, LONGEST_ROUTE) }),
    };
    this.#open[subject].set(line.id, line);
    this.#sink.opened?.(line);
  }

  close(subject: 'hold' | 'run', id: string): void {
    const key = clip(id, LONGEST_ID);
    if (this.#open[subject].delete(key)) this.#sink.closed?.({ kind: 'close', id: key });
  }

  failed(facts: IncidentFacts): void {
    this.#sink.incident(this.incident(facts));
  }

  incident({ route, run, status, ...facts }: IncidentFacts): Incident {
    this.#number += 1;
    return {
      v: JOURNAL_VERSION,
      kind: 'incident',
      id: `${this.instance}-${this.#number.toString(36)}`,
      time: new Date().toISOString(),
      instance: this.instance,
      ...(route === undefined ? {} : { route: clip(route, LONGEST_ROUTE) }),
      ...(run === undefined ? {} : { run: clip(run, LONGEST_ID) }),
      ...(isStatus(status) ? { status } : {}),
      ...facts,
    };
  }

  /** What goes on becomes a failure, because the process ends. */
  *interrupted(facts: Partial<IncidentFacts>, most: number): Generator<Incident> {
    let left = most;
    for (const { subject, id, route } of this.opened()) {
      if (left === 0) return;
      left -= 1;
      yield this.incident({
        subject,
        outcome: 'died',
        ...(route === undefined ? {} : { route }),
        ...(subject === 'hold' ? { hold: id } : { run: id }),
        ...facts,
      });
    }
  }
}
