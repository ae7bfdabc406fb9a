import { incomingOf as nodeRequestOf } from '@holdopen/node';
import type { Request as ExpressRequest } from 'express';

/**
 * Express's request behind one of the web's that `authorize`, `key` and `fingerprint` of runs are
 * given: for what middleware has left there. `undefined` for a request that came another way.
 * @example
 * createRuns({ authorize: (request) => incomingOf(request)?.user?.id })
 */
export function incomingOf(request: Request): ExpressRequest | undefined {
  return nodeRequestOf(request) as ExpressRequest | undefined;
}
