// What happened, as it is seen from outside of the system. The auditor is given nothing else.

/** A line of the counter file. */
export interface Start {
  readonly key: string;
  readonly attempt: number;
  readonly pid: number;
  readonly at: number;
}

/** A server process that was killed. */
export interface Kill {
  readonly pid: number;
  readonly at: number;
}

/** The store could not be reached, by all servers or by one. */
export interface Outage {
  readonly from: number;
  readonly to: number;
}

/** A place in a log, as the wire says it. */
export interface Place {
  readonly run: string;
  readonly epoch: string;
  readonly offset: number;
  /** The letter of an end: c, f, r, x, l. */
  readonly final: string;
  readonly ownId: string | undefined;
}

export type Happening = { readonly at: number } & (
  | {
      readonly what: 'sent';
      readonly how: 'start' | 'events' | 'bare' | 'result';
      /** The process that it went to; 0 if that was down. */
      readonly pid: number;
      /** `undefined`: from the beginning, which begins another iteration. */
      readonly cursor: Place | undefined;
    }
  /** The head of an event stream names the place it goes on from. */
  | { readonly what: 'place'; readonly place: Place }
  | { readonly what: 'event'; readonly place: Place; readonly data: string }
  | { readonly what: 'end'; readonly place: Place }
  /** 204. */
  | { readonly what: 'nothing more' }
  | { readonly what: 'result'; readonly run: string | undefined; readonly text: string }
  /** 202. */
  | { readonly what: 'accepted' }
  /** A problem, in an answer of its own or in a stream. */
  | { readonly what: 'told'; readonly status: number; readonly code: string }
  /** The connection broke, as connections do. */
  | { readonly what: 'broken'; readonly by: 'client' | 'network' }
  /** Never right: a whole answer that says nothing, no beat for long, or an answer of no known kind. */
  | { readonly what: 'ended without an end' | 'silence' | 'nonsense'; readonly detail: string }
  | { readonly what: 'gave up' }
);

/** All that one client saw of its key. */
export interface ClientStory {
  readonly key: string;
  readonly name: string;
  readonly happenings: readonly Happening[];
}

/** What the status resource says when all is over. */
export interface LastState {
  readonly key: string;
  readonly run: string;
  readonly state: string;
  readonly attempt: number;
}

export interface History {
  readonly starts: readonly Start[];
  readonly kills: readonly Kill[];
  readonly outages: readonly Outage[];
  readonly clients: readonly ClientStory[];
  readonly lastStates: readonly LastState[];
  /** Runs that the servers still call running when all is over. */
  readonly stillRunning: readonly string[];
  /** Processes that ended though nobody killed them. */
  readonly crashes: readonly string[];
}
