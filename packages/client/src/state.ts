import type { HoldOpenError, RunStatus } from './errors.js';

/**
 * What a page can say of a request.
 *
 * - `connecting`: it was sent, and nothing has come.
 * - `live`: bytes come.
 * - `silent`: nothing has come for half of the patience.
 * - `reconnecting`: the connection is lost, or the server busy; asked again in `delayMs`, or without
 *   it when the page is online again.
 * - `running`: the connection is lost, and the server says that the work goes on.
 * - `completed`: the answer is whole.
 * - `failed`: it is given up, or the server told a failure, which a Response has in its status.
 * - `lost`: the server has lost the work, or nothing is known of it any more.
 */
export type HoldStateName =
  | 'connecting'
  | 'live'
  | 'silent'
  | 'reconnecting'
  | 'running'
  | 'completed'
  | 'failed'
  | 'lost';

/** What `onState` is told. */
export interface HoldState {
  readonly state: HoldStateName;
  /** How often the request was sent, from 1. */
  readonly attempt: number;
  /** How long nothing has come, with `silent`. */
  readonly silenceMs?: number;
  /** With `reconnecting`, unless the page is offline. */
  readonly delayMs?: number;
  /** The status resource of the work, as soon as the server has told it: DELETE stops it. */
  readonly runUrl?: string;
  /** What the server says of the work, with `running`. */
  readonly run?: RunStatus;
  /** With `lost`, and with `failed` if there is no Response that says it. */
  readonly error?: HoldOpenError;
  /** With `failed` if a Response says it: what was asked, and its true status. */
  readonly answered?: { readonly method: string; readonly url: string; readonly status: number };
}

/** Tells changes and nothing twice. Whatever the listener does, the request goes on. */
export class StateReporter {
  readonly #onState: ((state: HoldState) => unknown) | undefined;
  #last: HoldStateName | undefined;

  constructor(onState: ((state: HoldState) => unknown) | undefined) {
    this.#onState = onState;
  }

  report(state: HoldState): void {
    const isNews = state.state !== this.#last || state.state === 'reconnecting';
    this.#last = state.state;
    if (!isNews || this.#onState === undefined) return;
    try {
      Promise.resolve(this.#onState(state)).catch(complain);
    } catch (error) {
      complain(error);
    }
  }
}

function complain(error: unknown): void {
  console.error('holdOpen: onState failed', error);
}
