/** What a handler can reach of its hold. */
export interface HoldHandle {
  /**
   * Fires when the client leaves (unless `onDisconnect` is `'continue'`), when the handler has been
   * silent for `maxSilenceMs`, and at a drain. Its reason is a `HoldOpenError`.
   */
  readonly signal: AbortSignal;
  /** A sign of life: the handler is working, so `maxSilenceMs` starts anew. */
  touch(): void;
  /** For logs. Unique in this process. */
  readonly id: string;
  /**
   * `waiting`: the head is still withheld. `off`: switched off. `untouched`: passes as it is. The
   * others are the states of a hold.
   */
  readonly state:
    | 'waiting'
    | 'streaming'
    | 'held'
    | 'answering'
    | 'complete'
    | 'failed'
    | 'gone'
    | 'untouched'
    | 'off';
}

let inert: HoldHandle | undefined;

/** The handle where nothing is held: it works and does nothing. */
export function inertHandle(): HoldHandle {
  inert ??= Object.freeze({
    // Listeners would gather on one that all requests share.
    get signal() {
      return new AbortController().signal;
    },
    touch() {},
    id: '',
    state: 'off' as const,
  });
  return inert;
}
