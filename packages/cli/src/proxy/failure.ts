/** Why the server behind gave no answer. */
export interface UpstreamFailure {
  readonly status: 502 | 504;
  readonly code:
    | 'upstream_refused'
    | 'upstream_connect_timeout'
    | 'upstream_closed'
    | 'upstream_tls'
    | 'upstream_invalid';
  /** A sentence for the client. It names no address. */
  readonly detail: string;
}

const NOT_THERE: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EACCES',
]);

export function describeFailure(error: NodeJS.ErrnoException): UpstreamFailure {
  const { code = '' } = error;
  if (NOT_THERE.has(code) || hasNotConnected(error)) {
    return failure(502, 'upstream_refused', 'The server behind this proxy takes no connection.');
  }
  if (code === 'HOLDOPEN_CONNECT_TIMEOUT') {
    return failure(
      504,
      'upstream_connect_timeout',
      'The server behind this proxy took no connection in time.',
    );
  }
  if (/^(HPE|ERR_INVALID|ERR_HTTP2?)_/.test(code)) {
    return failure(
      502,
      'upstream_invalid',
      'The server behind this proxy answered with something that is not HTTP.',
    );
  }
  if (/^(ERR_TLS|ERR_SSL|EPROTO|CERT_|UNABLE_|DEPTH_|SELF_SIGNED)/.test(code)) {
    return failure(502, 'upstream_tls', 'The server behind this proxy could not be trusted.');
  }
  return failure(
    502,
    'upstream_closed',
    'The server behind this proxy closed the connection before it answered. The request may have been carried out.',
  );
}

/** Whatever the reason, such as too many open files: nothing can have been carried out. */
function hasNotConnected(error: NodeJS.ErrnoException): boolean {
  // Where a name has several addresses, each has failed.
  return (
    error instanceof AggregateError ||
    error.syscall === 'connect' ||
    error.syscall === 'getaddrinfo'
  );
}

function failure(
  status: UpstreamFailure['status'],
  code: UpstreamFailure['code'],
  detail: string,
): UpstreamFailure {
  return { status, code, detail };
}
