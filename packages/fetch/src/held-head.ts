import {
  type AnswerHead,
  announcement,
  type BeatFormat,
  exposedNames,
  HELD_CACHE_CONTROL,
  type HeaderPair,
  NEVER_LATE,
  REMOVED_AT_COMMIT,
} from '@holdopen/core';
import type { Candidate } from './choose-format.js';
import type { HeadersInput } from './mounted.js';
import { isForAnotherOrigin, routeOf } from './request.js';
import { registry, surroundings } from './surroundings.js';

const ALLOW = 'access-control-allow-origin';
const EXPOSE = 'access-control-expose-headers';
const CREDENTIALS = 'access-control-allow-credentials';

/** Makes of the given headers the head that goes out in the handler's place. */
export function fillHead(
  headers: Headers,
  candidate: Candidate<Request>,
  format: BeatFormat,
): void {
  for (const name of REMOVED_AT_COMMIT) headers.delete(name);
  if (!headers.has('content-type')) headers.set('Content-Type', format.contentType);
  headers.set('Cache-Control', HELD_CACHE_CONTROL);
  headers.set('X-Accel-Buffering', 'no');
  headers.set('HoldOpen', announcement(format, candidate.mounted.settings.intervalMs));
  const exposed = exposedNames(headers.get(EXPOSE));
  if (headers.has(ALLOW) && isForAnotherOrigin(candidate.request) && !exposed.has('holdopen')) {
    headers.append(EXPOSE, 'HoldOpen');
  }
}

/** A refusal in the handler's place, for a server that shuts down. */
export function refusal(headers: Headers, retryAfterSeconds: number): Response {
  for (const name of [...REMOVED_AT_COMMIT, 'content-type']) headers.delete(name);
  headers.set('Retry-After', String(retryAfterSeconds));
  return new Response(null, { status: 503, headers });
}

/** What the option `headers` gives. User code must not break the response. */
export function givenHeaders(candidate: Candidate<Request>): Headers {
  const { request, mounted } = candidate;
  let headers = new Headers();
  const give = mounted.headers;
  if (give === undefined) return headers;
  try {
    candidate.run(() => {
      headers = new Headers(checkGiven(give(request)));
    });
  } catch (error) {
    surroundings.report(`${routeOf(request)}: headers failed`, error);
  }
  return headers;
}

function checkGiven(given: unknown): HeadersInput {
  if (typeof given === 'object' && given !== null) {
    if (!(given instanceof Promise)) return given as HeadersInput;
    given.catch(() => {});
  }
  throw new TypeError('it must give an object, pairs or Headers, at once');
}

/** The handler's own head, which comes too late to be sent: what is told of it all the same. */
export function answerHead(request: Request, sent: Headers, response: Response): AnswerHead {
  const pairs: HeaderPair[] = [...response.headers];
  const type = response.headers.get('content-type');
  const allows = sent.has(ALLOW) || response.headers.has(ALLOW);
  const foreign = allows && isForAnotherOrigin(request);
  return {
    status: response.status,
    contentType: type ?? undefined,
    isHeld: response.headers.has('holdopen'),
    headers: pairs.filter(([name, value]) => !NEVER_LATE.has(name) && sent.get(name) !== value),
    exposed: foreign ? new Set([...exposedIn(sent), ...exposedIn(response.headers)]) : undefined,
  };
}

function exposedIn(headers: Headers): Set<string> {
  return exposedNames(headers.get(EXPOSE), headers.get(CREDENTIALS) === 'true');
}

/** The handler lets a page of another origin read its answer, and the head that was sent did not. */
export function warnOfLateCors(
  route: string,
  request: Request,
  sent: Headers,
  response: Response,
): void {
  if (!response.headers.has(ALLOW) || sent.has(ALLOW) || !isForAnotherOrigin(request)) return;
  if (!registry.firstTime(`HOLDOPEN_CORS ${route}`)) return;
  surroundings.warn(
    'HOLDOPEN_CORS',
    `${route} answers pages of other origins, and the head that was sent in its place did not allow them to read it. Give holdOpen the headers: (request) => ({ 'Access-Control-Allow-Origin': … }).`,
  );
}
