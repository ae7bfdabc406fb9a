import type {
  Framework,
  HoldHandle,
  NodeRequest,
  NodeResponse,
  PreparedHeader,
} from '@holdopen/node';
import type { Context } from 'hono';
import { hasNodeBelow, watchResponse } from '#below';
import { heldHeaders, hideConditions, onceHeld, standAside } from './held-context.js';
import type { Mounted } from './options.js';
import { rememberRequest } from './remember.js';
import { isSameRequest } from './same-request.js';

const MOUNT: unique symbol = Symbol('holdOpenMount');

/** The pair that @hono/node-server hands to the app. */
export interface NodePair {
  readonly incoming: NodeRequest & { [MOUNT]?: NodeMount };
  readonly outgoing: NodeResponse;
}

/** What stands below Hono on Node; `undefined` where there is nothing but fetch. */
export function nodePairOf(env: unknown): NodePair | undefined {
  if (!hasNodeBelow) return undefined;
  const pair = env as Partial<NodePair> | null | undefined;
  return typeof pair?.outgoing?.writeHead === 'function' ? (pair as NodePair) : undefined;
}

/** The environment without the pair. */
export function withoutPair(env: unknown): unknown {
  if (nodePairOf(env) === undefined) return env;
  const { incoming: _, outgoing: __, ...others } = env as Record<string, unknown>;
  return others;
}

/**
 * Whether the pair was handed to the app for this context, and not by a handler for a request of its
 * own: `app.request('/other', {}, c.env)`.
 */
export function isServedBy({ incoming }: NodePair, c: Context): boolean {
  const { url = '', headers } = incoming;
  const { path, raw } = c.req;
  // Nearly always; looking at headers costs more than a request may.
  if (url === path || (url.startsWith(path) && url[path.length] === '?')) return true;
  return isSameRequest(raw, { url, header: (name) => headers[name]?.toString() });
}

/**
 * Holds the Node response below Hono, so that nothing of Hono's own course is changed. Around a whole
 * app the context is not known.
 */
export function holdBelow(
  request: Request,
  c: Context | undefined,
  pair: NodePair,
  mounted: Mounted,
  patternOf: () => string | undefined,
): HoldHandle {
  const { incoming, outgoing } = pair;
  if (mounted.hasFunctions) rememberRequest(incoming, request);
  const mount = new NodeMount(request, c, pair, mounted, patternOf);
  incoming[MOUNT] = mount;
  return watchResponse(incoming, outgoing, mounted.node, mount);
}

/** One mount on one response, for what Hono knows of it. */
class NodeMount implements Framework {
  readonly #request: Request;
  readonly #context: Context | undefined;
  readonly #pair: NodePair;
  readonly #mounted: Mounted;
  readonly #patternOf: () => string | undefined;
  /** Around this one: perhaps of an app that this one's is mounted in, with a context of its own. */
  readonly #outer: NodeMount | undefined;

  constructor(
    request: Request,
    c: Context | undefined,
    pair: NodePair,
    mounted: Mounted,
    patternOf: () => string | undefined,
  ) {
    this.#request = request;
    this.#context = c;
    this.#pair = pair;
    this.#mounted = mounted;
    this.#patternOf = patternOf;
    this.#outer = pair.incoming[MOUNT];
  }

  get route(): string | undefined {
    return this.#patternOf();
  }

  preparedHeaders(): PreparedHeader[] {
    onceHeld(
      () => this.#pair.incoming.holdOpen,
      () => this.#standAside(),
    );
    const headers = heldHeaders(this.#contexts(), this.#request, this.#mounted.headers);
    const cookies = headers.getSetCookie();
    headers.delete('set-cookie');
    const prepared: PreparedHeader[] = [...headers];
    if (cookies.length > 0) prepared.push(['set-cookie', cookies]);
    return prepared;
  }

  #standAside(): void {
    hideConditions(this.#request);
    for (const c of this.#contexts()) standAside(c);
  }

  /** From the outermost. */
  #contexts(): Set<Context> {
    const contexts = this.#outer === undefined ? new Set<Context>() : this.#outer.#contexts();
    if (this.#context !== undefined) contexts.add(this.#context);
    return contexts;
  }
}
