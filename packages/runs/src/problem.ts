import type { RunErrorCode } from './errors.js';
import { RunError } from './errors.js';

/** Why a request about a run was not answered with its result, in `code` of the problem object. */
export type RunProblemCode =
  | RunErrorCode
  /** The work under this key goes on, and the route does not let a second request wait with it. */
  | 'running'
  /** The key was used with another payload. */
  | 'payload_differs'
  /** A key without a principal must be as long as a secret. */
  | 'weak_key'
  /** The body is larger than `maxBodyBytes`. */
  | 'body_too_large'
  /** The run's media type is none that the request accepts. */
  | 'not_acceptable'
  /** Too much work is going on already. */
  | 'too_many_runs'
  /** The handler answered that it did not do the work, and its key is free. */
  | 'released'
  /** The run was started anew meanwhile. */
  | 'another_attempt'
  /** The handler threw, or its answer broke off. */
  | 'handler_error'
  /** Whoever asked has left; nobody reads this. */
  | 'client_left';

/** The members of RFC 9457, and `code`, which is for programs and does not change. */
export interface RunProblem {
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail?: string;
  /** The run that it is about. */
  readonly run?: string;
}

export interface ProblemFacts {
  readonly status: number;
  readonly code: string;
  readonly detail?: string | undefined;
  readonly run?: string | undefined;
}

/** The reason phrases of RFC 9110 section 15, which `about:blank` stands for. */
const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  409: 'Conflict',
  410: 'Gone',
  413: 'Content Too Large',
  421: 'Misdirected Request',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  507: 'Insufficient Storage',
};

/** Asked again after this long, by whoever comes too early. */
const RETRY_AFTER_SECONDS = 5;

export function createProblem({ status, code, detail, run }: ProblemFacts): RunProblem {
  return {
    type: 'about:blank',
    title: TITLES[status] ?? (status >= 500 ? 'Server Error' : 'Error'),
    status,
    code,
    ...(detail === undefined ? {} : { detail }),
    ...(run === undefined ? {} : { run }),
  };
}

/** An answer of ours. Never cached: it is about one moment, and one caller. */
export function problemResponse(facts: ProblemFacts, headers?: Headers): Response {
  const all = new Headers(headers);
  all.set('Content-Type', 'application/problem+json');
  all.set('Cache-Control', 'no-store');
  if ([409, 429, 503].includes(facts.status) && !all.has('Retry-After')) {
    all.set('Retry-After', String(RETRY_AFTER_SECONDS));
  }
  return new Response(JSON.stringify(createProblem(facts)), {
    status: facts.status,
    headers: all,
  });
}

const STATUSES: Partial<Record<RunErrorCode, number>> = {
  cursor_lost: 410,
  lost: 500,
  run_elsewhere: 421,
  not_found: 404,
  purged: 410,
  cancelled: 410,
  invalid_key: 400,
  store_unavailable: 503,
  store_away: 503,
  store_full: 503,
  drained: 503,
  not_started: 503,
};

/** Messages of these speak to whoever asked; those of the others only to whoever runs the server. */
const FOR_CLIENTS: ReadonlySet<RunErrorCode> = new Set([
  'cursor_lost',
  'run_elsewhere',
  'not_found',
  'purged',
  'invalid_key',
]);

const DETAILS: Partial<Record<RunErrorCode, string>> = {
  store_away: 'What is known of runs cannot be reached right now: ask again later.',
  store_unavailable: 'What is known of runs cannot be reached right now: ask again later.',
  store_full: 'There is no room for more work right now: ask again later.',
  drained: 'The server is shutting down: ask again.',
};

/** What a client is told of a failure; `undefined` if it is a fault of the server's own. */
export function problemOfError(error: unknown): ProblemFacts | undefined {
  if (!(error instanceof RunError)) return undefined;
  const status = STATUSES[error.code];
  if (status === undefined) return undefined;
  const detail = FOR_CLIENTS.has(error.code) ? error.message : DETAILS[error.code];
  return { status, code: error.code, detail, run: error.run };
}

/** The one answer for a run that there is not and for a run of somebody else. */
export function notFound(headers?: Headers): Response {
  const detail = 'There is no such run: it expired, or never was, or is not yours.';
  return problemResponse({ status: 404, code: 'not_found', detail }, headers);
}
