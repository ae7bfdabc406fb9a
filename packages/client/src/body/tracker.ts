/** Follows a body, so that the watchdog knows what silence means where it stands. */
export interface Tracker {
  push(bytes: Uint8Array): void;
  /** A beat could come here: after the head, a beat, or a whole event or record. */
  readonly atBoundary: boolean;
  /** Of an interval that the body announces itself. */
  readonly intervalMs?: number | undefined;
}
