import { type HoldEvent, HoldOpenError, type HoldState, holdEvents } from '@holdopen/client';
import type { KeptTask } from './kept-tasks.js';

/** What can be said of a task. Those of the client, and four that a page has beside them. */
export type Phase = HoldState['state'] | 'signed-out' | 'stopped' | 'unreachable' | 'given-up';

export interface Step {
  readonly step: number;
  readonly of: number;
  readonly text: string;
}

/** Something that happened, for the picture. */
export interface Moment {
  readonly atMs: number;
  readonly phase?: Phase;
}

/** Where a task is asked for: by the request that starts it, or where its run is. */
export type Source = KeptTask | { readonly eventsUrl: string };

/**
 * The place in the events, for as long as the page is there. After a reload nothing is shown any more, so
 * that the events are wanted from their beginning: only the key is kept for that.
 */
const places = new Map<string, string>();
const pageStorage = {
  getItem: (name: string) => places.get(name) ?? null,
  setItem: (name: string, value: string) => places.set(name, value),
  removeItem: (name: string) => places.delete(name),
};

/** How long a page goes on asking a server that is not there: as long as somebody looks at it. */
const RETRY = { maxAttempts: 10_000, maxMs: 5_000 };

/** Who has not the key of a task that was given up looks so often whether it was begun anew. */
const ELSEWHERE_MS = 3_000;

/** One task as this page sees it. */
export class Task {
  readonly key: string;
  readonly startedAtMs = performance.now();
  title: string;
  phase: Phase = 'connecting';
  /** What the client says beside the state. */
  state: HoldState | undefined;
  error: Error | undefined;
  steps: Step[] = [];
  moments: Moment[] = [{ atMs: 0, phase: 'connecting' }];
  /** What the server calls it. */
  id: string | undefined;
  /** How often its work was begun. */
  attempt = 1;
  endedAtMs: number | undefined;
  readonly #source: Source;
  /** Where to go on that was started elsewhere, and has no key here. */
  #cursor: string | undefined;
  readonly #changed: () => void;

  constructor(source: Source, title: string, changed: () => void) {
    this.#source = source;
    this.title = title;
    this.key = 'key' in source ? source.key : source.eventsUrl;
    this.#changed = changed;
  }

  get ageMs(): number {
    return (this.endedAtMs ?? performance.now()) - this.startedAtMs;
  }

  get isOver(): boolean {
    return this.endedAtMs !== undefined;
  }

  /** Watches to the end; and goes on where it was if it is called again. */
  async follow(): Promise<void> {
    this.error = undefined;
    try {
      for await (const event of this.#events()) this.#take(event);
      this.#enter('completed');
    } catch (error) {
      if (error instanceof HoldOpenError && error.code === 'HOLDOPEN_RESTARTED') {
        this.#cursor = undefined;
        if ('eventsUrl' in this.#source) {
          this.#enter('given-up');
          await new Promise((resolve) => setTimeout(resolve, ELSEWHERE_MS));
        }
        return this.follow();
      }
      this.error = error instanceof Error ? error : new Error(String(error));
      this.#enter(phaseOf(error));
    }
  }

  /** Tells the server to stop it. The end is told where all is told: in its events. */
  async stop(): Promise<Response> {
    return fetch(`/runs/${this.id}`, { method: 'DELETE' });
  }

  #events(): AsyncIterable<HoldEvent> {
    const onState = (state: HoldState): void => this.#hear(state);
    const shared = { onState, retry: RETRY };
    const source = this.#source;
    if ('eventsUrl' in source) {
      const headers: Record<string, string> = this.#cursor ? { 'Last-Event-ID': this.#cursor } : {};
      return holdEvents(source.eventsUrl, { headers, holdOpen: shared });
    }
    return holdEvents('/tasks', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(source.order),
      holdOpen: {
        ...shared,
        idempotencyKey: source.key,
        persist: { storage: pageStorage, name: source.key },
      },
    });
  }

  #take({ event, data, cursor }: HoldEvent): void {
    this.#cursor = cursor;
    if (event === 'task') {
      const task = JSON.parse(data) as { id: string; attempt: number; order: { title: string } };
      this.id = task.id;
      this.attempt = task.attempt;
      // It is the first of each start: work that is begun anew is shown from its beginning.
      this.steps = [];
      this.title = task.order.title;
    }
    if (event === 'step') {
      this.steps.push(JSON.parse(data) as Step);
      this.moments.push({ atMs: performance.now() - this.startedAtMs });
    }
    this.#changed();
  }

  #hear(state: HoldState): void {
    this.state = state;
    // How it ends is known where the events are read.
    const isEnd = /^(?:completed|failed|lost)$/.test(state.state);
    if (!isEnd) this.#enter(state.state);
  }

  #enter(phase: Phase): void {
    const atMs = performance.now() - this.startedAtMs;
    this.phase = phase;
    this.moments.push({ atMs, phase });
    if (/^(?:completed|failed|lost|stopped)$/.test(phase)) this.endedAtMs = performance.now();
    this.#changed();
  }
}

function phaseOf(error: unknown): Phase {
  if (!(error instanceof HoldOpenError)) return 'failed';
  switch (error.code) {
    case 'HOLDOPEN_UNAUTHORIZED':
      return 'signed-out';
    case 'HOLDOPEN_CANCELLED':
      return 'stopped';
    case 'HOLDOPEN_LOST':
      return 'lost';
    case 'HOLDOPEN_FAILED':
    case 'HOLDOPEN_STATUS':
    case 'HOLDOPEN_SERVER_ERROR':
    case 'HOLDOPEN_WRONG_TYPE':
      return 'failed';
    default:
      return 'unreachable';
  }
}
