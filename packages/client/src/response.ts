import type { HoldOpenError } from './errors.js';
import type { BodyLike } from './fetch-types.js';
import type { HeaderPair } from './wire/late-head.js';

/** How the answer came out. */
export type Outcome =
  /** The answer is whole, and a success. */
  | { readonly ok: true; readonly status: number }
  /** The server told a failure, or the answer broke off. */
  | { readonly ok: false; readonly status: number; readonly error?: HoldOpenError };

/** What is known of an answer beyond what `fetch` says. */
export interface ResponseHold {
  /** The head was sent in the handler's place: the status above is the one that became known later. */
  readonly isHeld: boolean;
  /** How often the request was sent. */
  readonly attempts: number;
  /** The status resource of the run that the answer is of. */
  readonly runUrl: string | undefined;
  /** `undefined` until the body has ended. */
  readonly outcome: Outcome | undefined;
}

/** A Response. Without `holdOpen` it is the very one that `fetch` gave. */
export interface HoldResponse extends Response {
  readonly holdOpen?: ResponseHold;
  clone(): HoldResponse;
}

/** Fetch Standard, section 2.2.3. */
const NULL_BODY = [101, 103, 204, 205, 304];

export function hasNoBody(status: number): boolean {
  return NULL_BODY.includes(status);
}

/** Those of the head, with those that became known later in their place. */
export function mergedHeaders(head: Headers, late: readonly HeaderPair[]): Headers {
  const headers = new Headers(head);
  // Nothing of what it announces is left in the body.
  headers.delete('holdopen');
  const seen = new Set<string>();
  for (const [name, value] of late) {
    if (seen.has(name)) headers.append(name, value);
    else headers.set(name, value);
    seen.add(name);
  }
  return headers;
}

/** A Response with the head that the answer would have had, had it been known in time. */
export function createResponse(
  from: Response,
  status: number,
  headers: Headers,
  body: BodyLike | null,
  hold: ResponseHold,
): HoldResponse {
  const statusText = status === from.status ? from.statusText : '';
  const native = new Response(hasNoBody(status) ? null : body, { headers, statusText });
  return dressed(native, from, status, hold);
}

/** What a Response that was made by hand cannot say: where it is from, and statuses that it refuses. */
function dressed(
  native: Response,
  from: Response,
  status: number,
  hold: ResponseHold,
): HoldResponse {
  const { url, redirected, type } = from;
  const facts = {
    url,
    redirected,
    type,
    status,
    ok: status >= 200 && status < 300,
    holdOpen: hold,
    clone: () => dressed(Response.prototype.clone.call(native), from, status, hold),
  };
  const properties: PropertyDescriptorMap = {};
  for (const [name, value] of Object.entries(facts)) {
    properties[name] = { value, configurable: true };
  }
  return Object.defineProperties(native, properties) as HoldResponse;
}
