/** A request that does not go on, and what its client is told. */
export interface Refusal {
  readonly status: 400 | 405 | 501 | 505;
  /** For logs and metrics. */
  readonly code: string;
  /** A sentence for the client. */
  readonly detail: string;
}

export function refusal(status: Refusal['status'], code: string, detail: string): Refusal {
  return { status, code, detail };
}

export function isRefusal(value: object): value is Refusal {
  return 'detail' in value;
}
