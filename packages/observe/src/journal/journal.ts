import { randomBytes } from 'node:crypto';
import { RouteLabels } from '../route.js';
import type { CallListener } from './calls.js';
import { keepCalls } from './calls.js';
import { causeFacts } from './cause.js';
import { dateConnections } from './connection.js';
import { DeathWatch, MAX_LISTED } from './deaths.js';
import { prune } from './files.js';
import { keepHolds } from './holds.js';
import { Ledger } from './ledger.js';
import { type JournalOptions, resolveJournalOptions } from './options.js';
import { placeOfProcess } from './place.js';
import {
  type CauseFacts,
  type Incident,
  type IncidentFacts,
  JOURNAL_VERSION,
  type JournalLine,
  type OpenLine,
} from './record.js';
import { RequestRuns } from './request-runs.js';
import { keepRuns } from './runs.js';
import { JournalWriter } from './writer.js';

// Captured when the module loads, so that a test's fake timers do not meet ours.
const { setInterval, clearInterval, process, performance } = globalThis;

const MAX_RECENT = 100;
/** So long a process may need from an uncaught error to its end: to log it, and to let others finish. */
const LAST_WORDS_MS = 10_000;

/** How the journal itself is. */
export interface JournalStatus {
  /** Names the instance in all its lines. */
  readonly instance: string;
  /** The file that it writes to; `undefined` before the first and while there is none. */
  readonly file: string | undefined;
  /** Failures of this process since it started. */
  readonly incidents: number;
  /** Deaths of other processes that this one wrote down, what they worked on among them. */
  readonly deaths: number;
  /** The disk fails right now. */
  readonly failing: boolean;
  /** Attempts to write that failed. */
  readonly failures: number;
  /** Lines that could not be written. */
  readonly dropped: number;
}

export interface Journal {
  /**
   * Goes into `onState` of calls by `@holdopen/client`, and writes down those that fail.
   * @example
   * await holdFetch(url, { holdOpen: { onState: journal.onState } });
   */
  readonly onState: CallListener;
  /** The same for calls with a name of their own, such as `POST /v1/messages`. */
  onStateOf(route: string): CallListener;
  /** The latest incidents, newest first: 100 at most. */
  recent(): Incident[];
  status(): JournalStatus;
  /** Writes what waits. Never rejects. */
  flush(): Promise<void>;
  /** Stops listening and ends the file. What still goes on is no failure then. Never rejects. */
  close(): Promise<void>;
}

/**
 * Writes every failure of a hold, a run and a call as one line of facts into a file of its own, and finds
 * the files of processes that died. Nothing of it waits for the disk.
 *
 * @throws HoldOpenError if an option is wrong; its message says what to do
 * @example
 * const journal = createJournal({ directory: '/var/lib/app/incidents' });
 */
export function createJournal(options: JournalOptions): Journal {
  return new FileJournal(options);
}

class FileJournal implements Journal {
  readonly onState: CallListener;
  readonly #settings;
  readonly #instance = randomBytes(6).toString('hex');
  readonly #startedAt = new Date().toISOString();
  readonly #place = placeOfProcess();
  readonly #ledger: Ledger;
  readonly #writer: JournalWriter;
  readonly #deaths: DeathWatch;
  readonly #fresh = new Map<string, OpenLine>();
  readonly #recent: Incident[] = [];
  readonly #endings: (() => void)[];
  #incidents = 0;
  #deathCount = 0;
  #lastError: { readonly error: unknown; readonly atMs: number } | undefined;
  #looking: Promise<void> = Promise.resolve();

  constructor(options: JournalOptions) {
    this.#settings = resolveJournalOptions(options);
    this.#ledger = new Ledger(this.#instance, {
      opened: (line) => {
        this.#fresh.set(line.id, line);
        this.#writer.wake();
      },
      closed: (line) => {
        // What came and went between two writes is not written at all.
        if (!this.#fresh.delete(line.id)) this.#writer.add(line);
      },
      incident: (incident) => this.#happened(incident),
    });
    this.#writer = new JournalWriter(this.#settings, this.#instance, {
      beginning: (segment, why) => this.#beginning(segment, why),
      fresh: () => this.#takeFresh(),
      begun: () => void this.#prune(),
      warn: (message) => {
        process.emitWarning(`holdopen: ${message}`, {
          type: 'HoldOpenWarning',
          code: 'HOLDOPEN_JOURNAL',
        });
      },
    });
    this.#deaths = new DeathWatch(this.#settings, this.#instance, this.#place, (incident) => {
      this.#deathCount += 1;
      this.#show(incident);
    });
    const { causeMessage, route } = this.#settings;
    const labels = new RouteLabels({ route });
    const requestRuns = new RequestRuns();
    this.onState = keepCalls(this.#ledger, causeMessage);
    this.#endings = [
      dateConnections(),
      keepHolds(this.#ledger, labels, causeMessage, requestRuns),
      keepRuns(this.#ledger, labels, requestRuns),
      this.#beat(),
      this.#awaitEnd(),
    ];
    this.#alive();
    void this.#begin();
  }

  onStateOf(route: string): CallListener {
    return keepCalls(this.#ledger, this.#settings.causeMessage, route);
  }

  recent(): Incident[] {
    return [...this.#recent];
  }

  status(): JournalStatus {
    const { path, failing, failures, dropped } = this.#writer;
    return {
      instance: this.#instance,
      file: path,
      incidents: this.#incidents,
      deaths: this.#deathCount,
      failing,
      failures,
      dropped,
    };
  }

  flush(): Promise<void> {
    return this.#writer.flush();
  }

  async close(): Promise<void> {
    for (const end of this.#endings.splice(0)) end();
    await this.#looking;
    await this.#writer.close([{ kind: 'end', time: new Date().toISOString() }]);
  }

  async #begin(): Promise<void> {
    await this.#writer.flush();
    this.#look();
  }

  #beat(): () => void {
    const timer = setInterval(() => {
      if (!this.#writer.failing) this.#alive();
      this.#look();
    }, this.#settings.heartbeatMs).unref();
    return () => clearInterval(timer);
  }

  #alive(): void {
    const { holds, runs } = this.#ledger;
    const { dropped } = this.#writer;
    this.#writer.add({ kind: 'alive', time: new Date().toISOString(), holds, runs, dropped });
  }

  #look(): void {
    // One at a time, and a directory that cannot be read is told of by the writer.
    this.#looking = this.#looking.then(() => this.#deaths.look()).catch(() => {});
  }

  /** The process ends: what goes on fails with it. */
  #awaitEnd(): () => void {
    const onError = (error: unknown): void => {
      this.#lastError = { error, atMs: performance.now() };
    };
    const onExit = (exitCode: number): void => {
      const cause = this.#deadlyError(exitCode);
      const facts = { exitCode, ...(cause === undefined ? {} : { cause }) };
      const { holds, runs } = this.#ledger;
      const lines: JournalLine[] = [...this.#ledger.interrupted(facts, MAX_LISTED)];
      if (holds + runs > 0 || cause !== undefined) {
        const process: IncidentFacts = {
          subject: 'process',
          outcome: 'died',
          holds,
          runs,
          ...facts,
        };
        lines.push(this.#ledger.incident(process));
      }
      this.#writer.closeNow([...lines, { kind: 'end', time: new Date().toISOString() }]);
    };
    process.on('uncaughtExceptionMonitor', onError);
    process.once('exit', onExit);
    return () => {
      process.off('uncaughtExceptionMonitor', onError);
      process.off('exit', onExit);
    };
  }

  /** An application may catch what is uncaught, and live on. */
  #deadlyError(exitCode: number): CauseFacts | undefined {
    const last = this.#lastError;
    if (last === undefined || exitCode === 0) return undefined;
    if (performance.now() - last.atMs > LAST_WORDS_MS) return undefined;
    return causeFacts(last.error, this.#settings.causeMessage);
  }

  *#beginning(segment: number, why: string): Generator<JournalLine> {
    const time = new Date().toISOString();
    if (why !== 'gap') {
      yield {
        v: JOURNAL_VERSION,
        kind: 'instance',
        time,
        instance: this.#instance,
        startedAt: this.#startedAt,
        pid: process.pid,
        ...(this.#place === undefined ? {} : { place: this.#place }),
        segment,
        heartbeatMs: this.#settings.heartbeatMs,
      };
    }
    if (why === 'returned') {
      yield { kind: 'returned', time, instance: this.#instance, segment: segment - 1 };
    }
    if (why === 'gap') yield { kind: 'gap', time, dropped: this.#writer.dropped };
    if (why === 'returned' || why === 'gap') {
      this.#fresh.clear();
      yield* this.#ledger.opened();
    }
  }

  *#takeFresh(): Generator<OpenLine> {
    const lines = [...this.#fresh.values()];
    this.#fresh.clear();
    yield* lines;
  }

  #happened(incident: Incident): void {
    this.#incidents += 1;
    this.#writer.add(incident);
    this.#show(incident);
  }

  #show(incident: Incident): void {
    this.#recent.unshift(incident);
    this.#recent.length = Math.min(this.#recent.length, MAX_RECENT);
    try {
      const given: unknown = this.#settings.onIncident?.(incident);
      if (given instanceof Promise) given.catch(() => {});
    } catch {
      // It runs where a response ends, which must not fail for it.
    }
  }

  async #prune(): Promise<void> {
    const { directory, maxFiles, maxAgeMs } = this.#settings;
    await prune(directory, maxFiles, maxAgeMs).catch(() => {});
  }
}
