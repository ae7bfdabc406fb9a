import { neverLeft, SIGNS, wordsOf } from '#transport';

/**
 * How an exchange failed, as far as its runtime lets on.
 *
 * - `refused`: no connection was made, or the server took none of the request.
 * - `dns`: the host's name could not be resolved.
 * - `tls`: no secure connection came about, or it broke.
 * - `reset`: the connection was reset.
 * - `closed`: it was closed before the answer was complete.
 * - `stalled`: nothing came for too long.
 * - `truncated`: the answer ended cleanly, and is incomplete all the same.
 * - `protocol`: what came is no HTTP, not in the coding that it names, or an event without an end.
 * - `network`: a browser does not say which of them it was.
 */
export type FailureKind =
  | 'refused'
  | 'dns'
  | 'tls'
  | 'reset'
  | 'closed'
  | 'stalled'
  | 'truncated'
  | 'protocol'
  | 'network';

/** One failed exchange. Never leaves the client: what does is an error made of it. */
export class Failure {
  readonly kind: FailureKind;
  /** Whether the server may have begun to work on the request. */
  readonly mayHaveRun: boolean;
  readonly cause: unknown;
  /** Of the answer; `undefined` if its head had not come. */
  bytes: number | undefined;
  silenceMs = 0;

  constructor(kind: FailureKind, mayHaveRun: boolean, cause?: unknown) {
    this.kind = kind;
    this.mayHaveRun = mayHaveRun;
    this.cause = cause;
  }
}

/** What a caller must mend, or wants: asking again would not help. */
const FAULT_OF_CALLER =
  /bad port|are blocked|redirect|(?:unknown|unsupported) (?:scheme|protocol)|invalid url|parse url|failed to execute/i;

/**
 * What an error of `fetch`, or of a body's reader, comes to. `undefined` if it is none of the network:
 * a wrong address, a forbidden port, whatever a `fetch` of the user's own throws.
 */
export function classify(error: unknown, headCame: boolean): Failure | undefined {
  const text = wordsOf(error);
  if (FAULT_OF_CALLER.test(text)) return undefined;
  const kind = SIGNS.find(([, sign]) => sign.test(text))?.[0];
  if (kind === undefined) return undefined;
  return new Failure(kind, headCame || !neverLeft(kind, text), error);
}
