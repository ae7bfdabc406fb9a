import type { HoldOpenOptions, Mount } from '@holdopen/core';
import {
  type FetchHoldOpenOptions,
  getHold,
  mountFetchOptions,
  type RunsPort,
  withRunHeaders,
} from '@holdopen/fetch';
import { mountOptions as mountNodeOptions } from '#below';
import { heldHeaders, onceHeld, standAside } from './held-context.js';
import { contextOf, requestOf } from './remember.js';

/**
 * The options in Hono. Functions among them are given the web's request, which is `c.req.raw`.
 * `headers` adds to what middleware has set on the context by then.
 */
export type HonoHoldOpenOptions = FetchHoldOpenOptions;

/** Checked options, for both of the ways in which a Hono app is served. */
export interface Mounted {
  readonly enabled: boolean;
  readonly node: ReturnType<typeof mountNodeOptions>;
  readonly fetch: ReturnType<typeof mountFetchOptions>;
  /** Some of them are functions, which want the request. */
  readonly hasFunctions: boolean;
  readonly headers: HonoHoldOpenOptions['headers'];
  readonly runs: RunsPort | undefined;
}

/** @throws HoldOpenError if an option is wrong. */
export function mount(options: HonoHoldOpenOptions | undefined, where: Mount): Mounted {
  const { headers } = options ?? {};
  const fetch = mountFetchOptions(options, where, headersFromContext(headers));
  const { headers: _, runs: __, ...common } = options ?? {};
  const node = mountNodeOptions(forNodeRequests(common), where);
  return {
    enabled: fetch.settings.enabled,
    node,
    fetch,
    hasFunctions: Object.values(options ?? {}).some((value) => typeof value === 'function'),
    headers: withRunHeaders(headers, fetch.runs),
    runs: fetch.runs,
  };
}

/** The same with a head that is withheld for a status of a run that cannot be told late. */
export function withheld(mounted: Mounted, request: Request): Mounted {
  const { node, fetch, runs } = mounted;
  const leastMs = runs?.withholdMs(request);
  if (leastMs === undefined || leastMs <= fetch.settings.firstBeatMs) return mounted;
  // On Workers there is none of Node's.
  const nodeWithheld = (node as typeof node | undefined)?.withFirstBeatAfter(leastMs) ?? node;
  return { ...mounted, node: nodeWithheld, fetch: fetch.withFirstBeatAfter(leastMs) };
}

/** What middleware has set on the context so far, and what the option `headers` gives. */
function headersFromContext(given: HonoHoldOpenOptions['headers']) {
  return (request: Request): Headers => {
    const c = contextOf(request);
    const headers = heldHeaders(c === undefined ? [] : [c], request, given);
    if (c !== undefined) {
      onceHeld(
        () => getHold(request),
        () => standAside(c),
      );
    }
    return headers;
  };
}

function forNodeRequests(
  options: HoldOpenOptions<Request>,
): Parameters<typeof mountNodeOptions>[0] {
  const { format, lateError, onBeat, onLateOutcome } = options;
  return {
    ...options,
    format: typeof format === 'function' ? (incoming) => format(requestOf(incoming)) : format,
    lateError:
      typeof lateError === 'function'
        ? (outcome, incoming) => lateError(outcome, requestOf(incoming))
        : lateError,
    onBeat: onBeat && ((hold, incoming) => onBeat(hold, requestOf(incoming))),
    onLateOutcome:
      onLateOutcome && ((outcome, incoming) => onLateOutcome(outcome, requestOf(incoming))),
  };
}
