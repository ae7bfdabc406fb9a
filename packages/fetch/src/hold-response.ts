import { HoldOpenError, type HoldOpenOptions, type Lifeline, newHoldId } from '@holdopen/core';
import type { HoldOwner } from './held-response.js';
import { type MountedSettings, mountResponse } from './mounted.js';
import { isResponse } from './ready-response.js';
import { holdReady, warnIfBuffered } from './ready-stream.js';
import { createLifeline, isObserved } from './surroundings.js';

/**
 * Puts beats into the gaps of a streaming response: an event stream, or what the option `format` asks
 * for, JSON included. Hooks get the response where they would get the request. Gives a response with
 * the same status and headers, or the very same object if nothing can be held: another type, a
 * Content-Length, a Content-Encoding, no body.
 *
 * There is no request here, so an event stream counts as one of a POST: `maxSilenceMs` is 4 hours
 * unless given, and a drain ends it with an error event. `firstBeatMs` and `headers` do nothing.
 *
 * @example
 * return holdResponse(new Response(events, { headers: { 'Content-Type': 'text/event-stream' } }));
 *
 * @throws HoldOpenError if the response is none or an option is wrong; its message says what to do.
 */
export function holdResponse(response: Response, options?: HoldOpenOptions<Response>): Response {
  if (!isResponse(response)) throw wrongMount(response);
  const mounted = mountResponse(options);
  if (!mounted.settings.enabled) return response;
  return holdReady(new ResponseOwner(response, mounted), response, true)?.response ?? response;
}

/** A response by itself: nobody has a handle of it. */
class ResponseOwner implements HoldOwner<Response> {
  readonly request: Response;
  readonly mounted: MountedSettings<Response>;
  readonly id: string = newHoldId();
  readonly method = 'POST';
  readonly canBeHeld = true;
  readonly route = 'holdResponse';
  readonly pattern = undefined;
  readonly #lifeline: Lifeline | undefined;

  constructor(response: Response, mounted: MountedSettings<Response>) {
    this.request = response;
    this.mounted = mounted;
    if (mounted.hasHooks || isObserved()) this.#lifeline = createLifeline();
  }

  /** Whoever makes the body learns it from its `cancel`. */
  abort(): void {}

  run(callback: () => void): void {
    if (this.#lifeline === undefined) callback();
    else this.#lifeline.run(callback);
  }

  adopt(): void {
    warnIfBuffered(this.route, this.request.headers);
  }
}

function wrongMount(given: unknown): HoldOpenError {
  return new HoldOpenError(
    'HOLDOPEN_WRONG_MOUNT',
    `holdResponse needs a Response, not ${given === null ? 'null' : typeof given}. For a handler there is holdOpen(handler).`,
    { given },
  );
}
