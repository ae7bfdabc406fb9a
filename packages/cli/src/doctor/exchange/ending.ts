/** How it came to an end. */
export type Ending =
  /** As HTTP demands. */
  | { readonly how: 'clean' }
  /** Behind the head, before the body's end. */
  | { readonly how: 'cut'; readonly detail: string }
  /** By the doctor. */
  | { readonly how: 'stopped'; readonly why: StopReason }
  /** Before there was a head. */
  | { readonly how: 'failed'; readonly failure: Failure };

export type StopReason = 'max-wait' | 'interrupted' | 'enough-beats';

export type FailureKind =
  | 'dns'
  | 'refused'
  | 'unreachable'
  | 'tls'
  /** Closed or reset without an answer. */
  | 'closed'
  /** Nothing was asked: the request is none that can be sent. */
  | 'not-sent'
  /** What came is no HTTP. */
  | 'no-http'
  | 'no-http2'
  /** An HTTP/2 stream that was reset before it answered. */
  | 'stream-reset';

export interface Failure {
  readonly kind: FailureKind;
  /** Of the system, of TLS or of the parser. */
  readonly code: string | undefined;
  readonly message: string;
}

/** Something that stops the exchange, as the reason of the signal. */
export class Stop extends Error {
  readonly why: StopReason;
  constructor(why: StopReason) {
    super(why);
    this.name = 'Stop';
    this.why = why;
  }
}

/** The ending of an exchange whose signal has fired. */
export function stopped(signal: AbortSignal): Ending {
  const { reason } = signal;
  return { how: 'stopped', why: reason instanceof Stop ? reason.why : 'interrupted' };
}

export function failed(kind: FailureKind, error: unknown): Ending {
  return { how: 'failed', failure: { kind, code: codeOf(error), message: messageOf(error) } };
}

export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

function messageOf(error: unknown): string {
  // Of several addresses that were tried the first says what the others do.
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  // The message of OpenSSL is a line of its source code.
  return 'reason' in error && typeof error.reason === 'string' ? error.reason : error.message;
}
