/** From the smallest to the largest value, both included; drawn for each connection. */
export type Range = readonly [from: number, to: number];

/** What the client sends, or what the target answers. */
export type Direction = 'request' | 'response';

/**
 * How a connection ends: with a FIN behind what was sent (`fin`), with a reset (`rst`), or not at
 * all: it stays open, and whatever is sent from then on vanishes (`black-hole`).
 */
export type How = 'fin' | 'rst' | 'black-hole';

/** Nothing moved for too long, in either direction: load balancers, NAT gateways, proxies. */
export interface IdleKill<N = number> {
  readonly type: 'idle-kill';
  /** Milliseconds without a byte. */
  readonly afterMs: N;
  /** Default: `rst`. NAT gateways are a `black-hole`. */
  readonly how?: How;
}

/** A limit for the whole connection, however much moves on it: API Gateway, Cloud Run. */
export interface TotalKill<N = number> {
  readonly type: 'total-kill';
  /** Milliseconds since the connection was accepted. */
  readonly afterMs: N;
  /** Default: `rst`. */
  readonly how?: How;
}

/** The connection breaks at one byte. */
export interface Cut<N = number> {
  readonly type: 'cut';
  /** How many bytes still arrive. */
  readonly atByte: N;
  /** Which bytes are counted. Default: `response`. */
  readonly of?: Direction;
  /** `body`: counts from behind the first blank line on, so that the first HTTP head is whole. Default: `connection`. */
  readonly from?: 'connection' | 'body';
  /** Default: `rst`. */
  readonly how?: How;
}

/** Bytes vanish from a moment on, and nobody is told: no FIN, no reset. */
export interface BlackHole<N = number> {
  readonly type: 'black-hole';
  /** Milliseconds since the connection was accepted. Default: 0. */
  readonly afterMs?: N;
  /** Default: `both`. */
  readonly of?: Direction | 'both';
}

/** Bytes come slowly: a slow reader to whoever sends them, which feels the back-pressure. */
export interface Throttle<N = number> {
  readonly type: 'throttle';
  readonly bytesPerSecond: N;
  /** Default: `both`. */
  readonly of?: Direction | 'both';
}

/** A long way: every byte, and the FIN, comes later. The order stays. */
export interface Latency<N = number> {
  readonly type: 'latency';
  readonly delayMs: N;
  /** Up to so many milliseconds more, drawn for each piece. Default: 0. */
  readonly jitterMs?: N;
  /** Default: `both`. */
  readonly of?: Direction | 'both';
}

/** Bytes are gathered and come all at once. */
export interface Burst<N = number> {
  readonly type: 'burst';
  /** Milliseconds from one burst to the next. */
  readonly everyMs: N;
  /** Default: `response`. */
  readonly of?: Direction | 'both';
}

/** The end comes long after the last byte. */
export interface LateFin<N = number> {
  readonly type: 'late-fin';
  /** Milliseconds between the last byte and the FIN. */
  readonly delayMs: N;
  /** Default: `response`. */
  readonly of?: Direction | 'both';
}

/**
 * A proxy that keeps answers back, head included, until they are complete, or until one of the
 * limits given is reached. HTTP/1 only.
 */
export interface Buffering<N = number> {
  readonly type: 'buffer';
  /** So many bytes of a body are sent on at once. Default: `Infinity`. */
  readonly untilBytes?: N;
  /** Bytes are kept for so many milliseconds. Default: `Infinity`. */
  readonly untilMs?: N;
}

/**
 * A proxy that makes a complete answer of a broken one: the body ends early and in good order, with
 * the last chunk that says so. HTTP/1 only.
 */
export interface LyingEnd<N = number> {
  readonly type: 'lying-end';
  /**
   * How many bytes of the body come through. By default all, and only an answer that breaks by
   * itself is ended so, as Caddy 2.6 does.
   */
  readonly atByte?: N;
}

/**
 * A proxy that speaks HTTP/1.0 to the target, as nginx does by default: the request line and the
 * hop-by-hop fields are rewritten, each request has a connection of its own, the answer ends with
 * the connection. To the client it speaks HTTP/1.1: a FIN in the middle of the answer is its end.
 */
export interface Http10 {
  readonly type: 'http-1.0';
}

/** The connection is closed as soon as it was accepted. `path.down()` refuses it outright. */
export interface Refuse {
  readonly type: 'refuse';
  /** Default: `rst`. */
  readonly how?: 'fin' | 'rst';
}

/** The connection is accepted, and nothing comes, ever. The target never hears of it. */
export interface Silence {
  readonly type: 'silence';
}

export type Fault<N = number> =
  | IdleKill<N>
  | TotalKill<N>
  | Cut<N>
  | BlackHole<N>
  | Throttle<N>
  | Latency<N>
  | Burst<N>
  | LateFin<N>
  | Buffering<N>
  | LyingEnd<N>
  | Http10
  | Refuse
  | Silence;

export type FaultType = Fault['type'];

/** A fault as it is asked for: each number may be a range, and the whole may be left to chance. */
export type FaultSpec = Fault<number | Range> & {
  /** How likely a connection has this fault: 0 never, 1 always. Default: 1. */
  readonly chance?: number;
};

type Complete<F> = F extends unknown ? Required<F> : never;

/** A fault that a connection has: all drawn, all defaults filled in. */
export type PlannedFault = Complete<Fault>;

/** The fault of a type, as it was planned. */
export type Planned<T extends FaultType> = Extract<PlannedFault, { readonly type: T }>;
