import { incomingOf } from '@holdopen/fetch';
import type { Granted } from '../access/gate.js';
import type { RunsContext } from '../context.js';
import { OVER } from '../over.js';
import { notFound } from '../problem.js';
import type { RunRecord } from '../store.js';
import { report } from '../warnings.js';

/** Why somebody watches no longer. */
export type Leaving =
  /** The client has left. */
  | { readonly kind: 'left' }
  /** The time that it wanted to wait is over. */
  | { readonly kind: 'late' }
  /** Its access is over; this would be the answer. */
  | { readonly kind: 'refused'; readonly response: Response }
  /** The process shuts down. */
  | { readonly kind: 'closing' };

/** The longest a timer of JavaScript can wait. */
const MAX_MS = 2 ** 31 - 1;
/** An `authorize` that does not answer lets nobody watch for ever. */
const MOST_ASKING_MS = 10_000;

/**
 * In Deno the signal of a request also fires after a success, and whoever touches it is warned. Those of
 * requests below Node's `http` are made by us.
 */
const isDeno = 'Deno' in globalThis;

/** One client at a run: watches until it leaves, or until it may not. Never touches the work. */
export class Watcher {
  readonly #context: RunsContext;
  readonly #request: Request;
  readonly #record: RunRecord;
  readonly #connection: AbortSignal | undefined;
  readonly #over = new AbortController();
  readonly #timers = new Set<unknown>();
  #why: Leaving | undefined;

  constructor(context: RunsContext, request: Request, record: RunRecord, access: Granted) {
    this.#context = context;
    this.#request = request;
    this.#record = record;
    const isDenos = isDeno && incomingOf(request) === undefined;
    this.#connection = isDenos ? undefined : request.signal;
    context.watching.add(record.run, this.#closing);
    // Register first, then look: it may have fired before anybody listened.
    this.#connection?.addEventListener('abort', this.#left);
    if (this.#connection?.aborted === true) this.#left();
    else if (context.isClosed) this.#closing();
    else this.#askAgainAt(access.expiresAt);
  }

  /** Fires when nothing is to be watched any more. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  get why(): Leaving | undefined {
    return this.#why;
  }

  /** Gives up when this time is over. The function that it gives forgets it. */
  limit(ms: number): () => void {
    const handle = this.#after(ms, () => this.leave({ kind: 'late' }));
    return () => this.#clear(handle);
  }

  /** The first reason counts. Without one there is nothing left to watch. */
  leave(why?: Leaving): void {
    if (this.#over.signal.aborted) return;
    this.#why = why;
    for (const handle of this.#timers) this.#context.runtime.timers.clear(handle);
    this.#connection?.removeEventListener('abort', this.#left);
    this.#context.watching.delete(this.#closing);
    this.#over.abort(OVER);
  }

  readonly #left = (): void => this.leave({ kind: 'left' });
  readonly #closing = (): void => this.leave({ kind: 'closing' });

  #askAgainAt(expiresAt: number | undefined): void {
    if (expiresAt === undefined || this.signal.aborted) return;
    const leftMs = expiresAt - this.#context.runtime.now();
    if (leftMs > MAX_MS) this.#after(MAX_MS, () => this.#askAgainAt(expiresAt));
    else this.#after(leftMs, () => void this.#askAgain());
  }

  async #askAgain(): Promise<void> {
    const forget = this.#after(MOST_ASKING_MS, () => this.#refuse());
    try {
      const access = await this.#context.gate.toRun(this.#request, 'attach', this.#record);
      if (access.kind === 'granted') this.#askAgainAt(access.expiresAt);
      else this.#refuse(access.response);
    } catch (error) {
      report('authorize failed for somebody who watches a run, and is cut off', error);
      this.#refuse();
    } finally {
      this.#clear(forget);
    }
  }

  #refuse(response = notFound()): void {
    this.leave({ kind: 'refused', response });
  }

  #after(ms: number, callback: () => void): unknown {
    const handle = this.#context.runtime.timers.set(() => {
      this.#timers.delete(handle);
      callback();
    }, ms);
    if (this.signal.aborted) this.#context.runtime.timers.clear(handle);
    else this.#timers.add(handle);
    return handle;
  }

  #clear(handle: unknown): void {
    this.#timers.delete(handle);
    this.#context.runtime.timers.clear(handle);
  }
}
