import type { IncomingMessage } from 'node:http';

/** What Express leaves on a request. */
interface RoutedRequest {
  readonly route?: { readonly path?: unknown };
  /** Where the router was mounted, as the client has written it. */
  readonly baseUrl?: string;
  readonly app?: ExpressApp;
}

interface ExpressApp {
  /** Express 4; there `router` throws. */
  readonly _router?: Router;
  readonly router?: Router;
  readonly parent?: ExpressApp;
  readonly mountpath?: unknown;
}

interface Router {
  readonly stack?: readonly Layer[];
}

interface Layer {
  readonly handle?: Router;
  readonly route?: object;
  /** Of the last match, where that gives a boolean; Express 5.3 gives what it found. */
  readonly params?: object;
  readonly path?: string;
  match?(path: string): boolean | Match;
}

interface Match {
  readonly params?: object;
  readonly path?: string;
  /** As somebody has written it. */
  readonly pattern?: unknown;
}

/** Stands for where a router was mounted, if that has parameters: only their values are known. */
const SOMEWHERE = '/*';

/**
 * The pattern of a route, without its method: as a framework gives it, or as Express keeps it. Never has
 * values of parameters in it. `undefined` where there is none, or not yet.
 */
export function patternOf(request: IncomingMessage, given: string | undefined): string | undefined {
  if (given !== undefined) return given;
  const { route, baseUrl = '', app } = request as RoutedRequest;
  const path = textOf(route?.path);
  if (path === undefined) return undefined;
  return (mountOf(app, baseUrl) ?? SOMEWHERE) + path;
}

function textOf(path: unknown): string | undefined {
  if (typeof path === 'string') return path;
  if (path instanceof RegExp) return String(path);
  return Array.isArray(path) ? path.map(textOf).join(', ') : undefined;
}

/** What somebody has written where a router was mounted; `undefined` if that cannot be told. */
function mountOf(app: ExpressApp | undefined, baseUrl: string): string | undefined {
  if (baseUrl === '') return '';
  try {
    const around = mountPathOf(app);
    if (around === undefined || !baseUrl.toLowerCase().startsWith(around.toLowerCase())) {
      return undefined;
    }
    const stack = app?._router?.stack ?? app?.router?.stack ?? [];
    const inside = wayTo(stack, baseUrl.slice(around.length));
    return inside === undefined ? undefined : around + inside;
  } catch {
    // These are the insides of Express.
    return undefined;
  }
}

/** Of an app within an app; `undefined` if it has parameters. */
function mountPathOf(app: ExpressApp | undefined): string | undefined {
  if (app?.parent === undefined) return '';
  const { parent, mountpath } = app;
  if (typeof mountpath !== 'string' || /[:*(){}?+[\]|]/.test(mountpath)) return undefined;
  const above = mountPathOf(parent);
  return above === undefined ? undefined : above + (mountpath === '/' ? '' : mountpath);
}

/** The patterns of the routers that a path leads to, through routers in routers. */
function wayTo(stack: readonly Layer[], path: string): string | undefined {
  if (path === '') return '';
  for (const layer of stack) {
    const found = layer.route === undefined ? layer.match?.(path) : undefined;
    if (found === undefined || found === false) continue;
    const { path: matched = '' } = found === true ? layer : found;
    const rest = path.slice(matched.length);
    const pattern = matched === '' ? '' : patternOfMatch(layer, found, matched, rest);
    const behind = rest === '' ? '' : wayTo(layer.handle?.stack ?? [], rest);
    if (pattern !== undefined && behind !== undefined) return pattern + behind;
  }
  return undefined;
}

function patternOfMatch(
  layer: Layer,
  found: true | Match,
  matched: string,
  rest: string,
): string | undefined {
  if (found !== true && found.pattern !== undefined) return textOf(found.pattern);
  const { params = {} } = found === true ? layer : found;
  if (Object.keys(params).length > 0) return undefined;
  // A RegExp may have no groups and yet match anything.
  if (layer.match?.(`${matched}-${rest}`)) return undefined;
  // Clients may write it in any case.
  return matched.toLowerCase();
}
