// Connections that wait as long as the work takes, for Node. Browsers, Bun and Deno have none to set.
import { Agent } from 'undici';

/** After so much silence on a connection, TCP asks whether the other side is still there. */
export const TCP_KEEP_ALIVE_MS = 30_000;
/** An unused connection is closed before servers do it: Node's own after 5 s, many others later. */
export const IDLE_MS = 4_000;
/** If the server says in `Keep-Alive` how long it keeps one: never longer than hops do, 60 s and more. */
export const MAX_IDLE_MS = 50_000;
/** And so much shorter than it says, for a request that is on its way when the time is over. */
export const IDLE_MARGIN_MS = 2_000;

/**
 * An agent of undici for slow answers: TCP keep-alive, no limit of its own on how long a head or a body
 * may take, since the watchdog has one, and no connection that has lain unused for so long that the
 * server may be closing it. HTTP/1.1, unless `allowH2` says otherwise: over HTTP/2 a GOAWAY does not
 * tell which requests it spared.
 *
 * @param options undici's own, in place of these
 * @example
 * const response = await fetch(url, { dispatcher: createAgent() });
 */
export function createAgent({ connect, ...options }: Agent.Options = {}): Agent {
  const keepAlive = { keepAlive: true, keepAliveInitialDelay: TCP_KEEP_ALIVE_MS };
  return new Agent({
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: IDLE_MS,
    keepAliveMaxTimeout: MAX_IDLE_MS,
    keepAliveTimeoutThreshold: IDLE_MARGIN_MS,
    allowH2: false,
    connect: typeof connect === 'function' ? connect : { ...keepAlive, ...connect },
    ...options,
  });
}

/**
 * The `fetch` of Node over an agent, for the option `fetch` of `holdFetch` and `holdEvents`. Make one
 * and keep it: its connections are shared by all that use it.
 *
 * @example
 * const fetch = createFetch();
 * const response = await holdFetch(url, { holdOpen: { fetch } });
 */
export function createFetch(agent: Agent = createAgent()): typeof globalThis.fetch {
  // Node's own, and not undici's: that would not know a global Request, FormData or Response.
  return (input, init) => {
    // The types of Node know the dispatcher of its own version of undici alone.
    const withAgent: object = { ...init, dispatcher: agent };
    return globalThis.fetch(input, withAgent);
  };
}
