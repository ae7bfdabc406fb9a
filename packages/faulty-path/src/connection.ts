import type { FaultType, PlannedFault } from './faults.js';

/** Who ended a connection, how, and why. */
export interface ConnectionEnd {
  /** Whose FIN or reset came first. `path`: it was the path's own doing. */
  readonly by: 'client' | 'target' | 'path';
  /** `refused`: the target could not be reached. */
  readonly how: 'fin' | 'rst' | 'black-hole' | 'refused';
  /** What made the path do it. */
  readonly why?: FaultType | 'killAll' | 'down' | 'close';
}

/** What is known of a connection. It goes on changing until the connection is closed. */
export interface PathConnection {
  /** From 1, in the order in which they were accepted. */
  readonly number: number;
  readonly plan: readonly PlannedFault[];
  readonly state: 'open' | 'closed';
  /** Milliseconds since 1970. */
  readonly openedAtMs: number;
  readonly closedAtMs?: number;
  /** Bytes that left the path towards the target. */
  readonly requestBytes: number;
  /** Bytes that left the path towards the client. */
  readonly responseBytes: number;
  /** Known from the first FIN, reset or black hole on, before the connection is closed. */
  readonly end?: ConnectionEnd;
}

export type ConnectionRecord = {
  -readonly [K in keyof PathConnection]: PathConnection[K];
};
