import type { LateOutcome } from './late/outcome.js';
import type { UntouchedReason } from './negotiate.js';

/** What one can know of a hold while it lives, and afterwards. */
export interface HoldInfo {
  /** Unique in this process and unlikely to meet another process's. */
  readonly id: string;
  readonly method: string;
  /**
   * The pattern of the route as its framework has it, such as `/reports/:id`, without the method and
   * never with values in it. `undefined` where there is none: plain `node:http` and fetch handlers.
   */
  readonly route: string | undefined;
  readonly state: string;
  readonly format: string;
  readonly intervalMs: number;
  /** Beats sent so far. */
  readonly beats: number;
  /** Beats dropped because the client was slow. */
  readonly beatsDropped: number;
  /** What the handler has written so far: bytes, and UTF-16 units where it wrote text. */
  readonly payloadSize: number;
  /** How long ago it began: the silence that made it a hold, or its stream, in milliseconds. */
  readonly heldMs: number;
  /** How long ago the handler last gave a sign of life, in milliseconds. */
  readonly silentMs: number;
  /** How long ago a byte was last sent, be it a beat, in milliseconds. */
  readonly unsentMs: number;
}

/** Why a header of the handler's did not reach the client. */
export type DroppedHeaderReason =
  /** It is not on the list. */
  | 'unlisted'
  /** The late head was full. */
  | 'size'
  /** The page of another origin may not read it. */
  | 'not_exposed'
  /** The format has no place for late headers. */
  | 'format';

/** `untouched`: a stream that fell silent when `maxHolds` responses were held already. */
export type HowItEnded = 'complete' | 'failed' | 'disconnected' | 'untouched';

/**
 * Everything that happens to a hold. Adapters publish each on the channel `holdopen:<type>` of
 * `node:diagnostics_channel`, in the async context that the request was in when it came to holdopen.
 * `request` is Node's own (Express's is the same object; Fastify's and Hono's stand on it), and the web's
 * in fetch and wherever Hono has no Node below it.
 */
export type HoldEvent<Request = unknown> =
  /** A response fell silent, or began to stream, and is under keep-alive now. */
  | { readonly type: 'start'; readonly hold: HoldInfo; readonly request: Request }
  /** holdopen sent the head, 200, in place of the handler. */
  | { readonly type: 'commit'; readonly hold: HoldInfo; readonly request: Request }
  | { readonly type: 'beat'; readonly hold: HoldInfo; readonly request: Request }
  /** The client takes nothing right now, so no beat was sent. */
  | { readonly type: 'beat-dropped'; readonly hold: HoldInfo; readonly request: Request }
  | {
      readonly type: 'late-outcome';
      readonly hold: HoldInfo;
      readonly request: Request;
      readonly outcome: LateOutcome;
    }
  | {
      readonly type: 'late-header-dropped';
      readonly hold: HoldInfo;
      readonly request: Request;
      readonly header: string;
      readonly reason: DroppedHeaderReason;
    }
  /** The client left before the answer was complete. */
  | { readonly type: 'disconnect'; readonly hold: HoldInfo; readonly request: Request }
  /** The handler gave no sign of life for `maxSilenceMs`. */
  | {
      readonly type: 'silence';
      readonly hold: HoldInfo;
      readonly request: Request;
      readonly silentMs: number;
    }
  /** The last event of every hold. */
  | {
      readonly type: 'end';
      readonly hold: HoldInfo;
      readonly request: Request;
      /** How it ended: by the handler, cut or ended by holdopen, or left by the client. */
      readonly how: HowItEnded;
      readonly heldMs: number;
      /** What became known after the head had been sent. */
      readonly outcome: LateOutcome | undefined;
      /** holdopen has cut the connection, so that its receiver sees that the answer is not whole. */
      readonly cut: boolean;
    }
  /** A response that was about to be held passes as it is. */
  | {
      readonly type: 'untouched';
      readonly reason: UntouchedReason;
      readonly request: Request;
      readonly method: string;
      /** As in {@link HoldInfo}. */
      readonly route: string | undefined;
    };

export type HoldEventType = HoldEvent['type'];

export const HOLD_EVENT_TYPES: readonly HoldEventType[] = [
  'start',
  'commit',
  'beat',
  'beat-dropped',
  'late-outcome',
  'late-header-dropped',
  'disconnect',
  'silence',
  'end',
  'untouched',
];

/** Where events go. `wants` is asked first, so that nobody pays for an event that nobody reads. */
export interface HoldObserver {
  wants(type: HoldEventType): boolean;
  notify(event: HoldEvent): void;
}
