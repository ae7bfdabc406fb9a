import type { IncomingMessage } from 'node:http';
import { incomingOf as factsOf } from '@holdopen/fetch';

/**
 * Node's own request behind one of the web's that `authorize`, `key` and `fingerprint` of runs are
 * given: for what middleware has left there. `undefined` for a request that came another way.
 * @example
 * createRuns({ authorize: (request) => incomingOf(request)?.user?.id })
 */
export function incomingOf(request: Request): IncomingMessage | undefined {
  return factsOf(request) as IncomingMessage | undefined;
}
