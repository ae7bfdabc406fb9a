import { tellUntouched } from '@holdopen/core';
import { formatOfReady } from './choose-format.js';
import { HeldResponse, type HoldOwner } from './held-response.js';
import { readyParts } from './ready-response.js';
import { registry, surroundings } from './surroundings.js';

/** Responses that have beats in their gaps already. */
const heldAlready = new WeakSet<Response>();

export function markAsHeld(response: Response): void {
  heldAlready.add(response);
}

export interface ReadyStream<Subject> {
  /** Goes out in place of the handler's, with its head. */
  readonly response: Response;
  /** Its headers, to be looked at. Those of the response itself are out of bounds: see `readyParts`. */
  readonly headers: Headers;
  readonly held: HeldResponse<Subject>;
}

/** Puts beats into the gaps of a response that is ready; `undefined` for one that passes as it is. */
export function holdReady<Subject>(
  owner: HoldOwner<Subject>,
  response: Response,
  jsonToo: boolean,
): ReadyStream<Subject> | undefined {
  if (heldAlready.has(response)) return undefined;
  const choice = formatOfReady(owner, response, jsonToo);
  if (choice === undefined) return undefined;
  if ('untouched' in choice) {
    // Counted and not warned of: nobody knows whether it would have been slow.
    tellUntouched(surroundings, choice.untouched, owner);
    return undefined;
  }
  const { body, headers, init } = readyParts(response);
  if (body === undefined) return undefined;
  const now = surroundings.clock.now();
  const held = new HeldResponse(owner, choice.format, 'streaming', now);
  try {
    const wrapped = new Response(held.stream, init);
    held.takeFrom(body);
    held.rearm();
    markAsHeld(wrapped);
    return { response: wrapped, headers, held };
  } catch (error) {
    held.hold.completed();
    throw error;
  }
}

/** A stream of the handler's own has fallen silent, and its head may keep the beats back. */
export function warnIfBuffered(route: string, headers: Headers): void {
  if (headers.has('x-accel-buffering')) return;
  if (!registry.firstTime(`HOLDOPEN_BUFFERED ${route}`)) return;
  surroundings.warn(
    'HOLDOPEN_BUFFERED',
    `${route} streams without the header X-Accel-Buffering: no, so that nginx may keep its beats back. Set it on the Response.`,
  );
}
