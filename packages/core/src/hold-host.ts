import type { Lane } from './clock.js';
import type { HoldOpenError } from './errors.js';

/** The adapter's side of one response: bytes go out here. */
export interface HoldHost<Request> {
  readonly request: Request;
  /** See `newHoldId`. */
  readonly id: string;
  readonly method: string;
  /** Names the route in warnings. */
  readonly route: string;
  /** Its pattern, for metrics; see `HoldInfo.route`. */
  readonly pattern: string | undefined;
  /** The client takes bytes right now, so that a beat would not queue. */
  ready(): boolean;
  /** One write. */
  sendBeat(bytes: Uint8Array): void;
  /** The last bytes, then a clean end or a cut. `status` is the true one, if it failed. */
  finish(text: string, cut: boolean, status: number | undefined): void;
  /** Call `beatDue` after the lane's delay. */
  wait(lane: Lane): void;
  /** Do not call it any more. */
  stopWaiting(): void;
  /** Fire the handler's signal. */
  abort(reason: HoldOpenError): void;
  /** Run user code in the request's own async context. */
  run(callback: () => void): void;
}
