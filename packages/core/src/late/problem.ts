/** Why an answer failed, in `code` of the problem object. */
export type ProblemCode =
  /** The handler answered with an error status. */
  | 'error_status'
  /** The handler threw or rejected. */
  | 'handler_error'
  /** The handler gave no sign of life for `maxSilenceMs`. */
  | 'silence'
  /** The server is shutting down. */
  | 'drained'
  /** The handler answered with a redirect, which cannot be followed any more. */
  | 'late_redirect'
  /** The handler answered with a type that does not fit the head that was sent. */
  | 'wrong_type'
  /** The payload came with a content coding that could not be undone. */
  | 'undecodable';

/**
 * The members of RFC 9457, with `completion_status` in place of `status`, which that RFC ties to the
 * status that was really sent.
 */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly completion_status: number;
  readonly code: ProblemCode;
  readonly detail?: string;
  /** The type of an error body that was no JSON object. */
  readonly content_type?: string;
  /** That body: text, or the JSON value that it was. */
  readonly body?: unknown;
}

/** The reason phrases of RFC 9110 section 15 that a late failure is likely to need. */
const TITLES: Readonly<Record<number, string>> = {
  300: 'Multiple Choices',
  301: 'Moved Permanently',
  302: 'Found',
  303: 'See Other',
  307: 'Temporary Redirect',
  308: 'Permanent Redirect',
  400: 'Bad Request',
  401: 'Unauthorized',
  402: 'Payment Required',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  408: 'Request Timeout',
  409: 'Conflict',
  410: 'Gone',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  423: 'Locked',
  424: 'Failed Dependency',
  425: 'Too Early',
  428: 'Precondition Required',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  507: 'Insufficient Storage',
};

export function createProblem(
  status: number,
  code: ProblemCode,
  rest: Pick<Problem, 'detail' | 'content_type' | 'body'> = {},
): Problem {
  const title = TITLES[status] ?? (status >= 500 ? 'Server Error' : 'Error');
  return { type: 'about:blank', title, completion_status: status, code, ...rest };
}
