import type { IncomingMessage } from 'node:http';
import { type HoldOpenOptions, type MountedSettings, mountOptions } from '@holdopen/node';
import { parseRoute } from './route-pattern.js';

/** The options of `holdOpen` that make sense where the handler is another program. */
export type HoldSettings = HoldOpenOptions<IncomingMessage>;

/** One route whose answers are held, with options of its own. */
export interface ProxyRoute extends HoldSettings {
  /** Method and path: `POST /v1/*`. A star stands for any characters; without a method it is for all. */
  route: string;
}

/** How the answer to one request is held. */
export interface HeldRoute {
  readonly name: string;
  readonly mounted: MountedSettings;
  /** A client that names this route asked for it; over all routes nothing is guessed. */
  readonly isNamed: boolean;
  readonly outlivesClient: boolean;
  /** What the engine asks of a framework: the route's name. */
  readonly framework: { readonly route: string; preparedHeaders(): Iterable<never> };
}

export type FindRoute = (method: string, path: string) => HeldRoute | undefined;

const NOTHING: readonly never[] = [];

/** The first route that matches counts; behind them all others, if they are to be held at all. */
export function createRoutes(
  routes: readonly (string | ProxyRoute)[],
  settings: HoldSettings,
  overAll: boolean,
): FindRoute {
  const named = routes.map((given) => {
    const { route, ...own } = typeof given === 'string' ? { route: given } : given;
    const pattern = parseRoute(route);
    return { pattern, held: heldRoute(pattern.path, { ...settings, ...own }, true) };
  });
  const rest = overAll ? heldRoute('*', settings, false) : undefined;
  return (method, path) => {
    for (const { pattern, held } of named) if (pattern.matches(method, path)) return held;
    return rest;
  };
}

function heldRoute(name: string, options: HoldSettings, isNamed: boolean): HeldRoute {
  const mounted = mountOptions(options, isNamed ? 'route' : 'global');
  return {
    name,
    mounted,
    isNamed,
    outlivesClient: options.onDisconnect === 'continue',
    framework: { route: name, preparedHeaders: () => NOTHING },
  };
}
