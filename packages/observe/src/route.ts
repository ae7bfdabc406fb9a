/** What a hold's event says of its route. */
export interface RoutedRequest {
  readonly method: string;
  /** The framework's pattern. */
  readonly route: string | undefined;
}

/** For metrics, records and pages: never with values in it, and never of more than a few kinds. */
export interface RouteLabel {
  readonly method: string;
  readonly route: string;
}

export interface RouteLabelsOptions {
  /**
   * Names the route of a request that has no pattern: one below plain `node:http`, a fetch handler, or a
   * framework without an adapter. It is given what the adapter holds: Node's request, or the web's.
   * Give a text without values of the path in it, or `undefined`.
   */
  readonly route?: ((request: unknown) => string | undefined) | undefined;
  /**
   * How many routes are told apart. All that come after these are `other`.
   * @default 200
   */
  readonly maxRoutes?: number | undefined;
}

export const DEFAULT_MAX_ROUTES = 200;
/** Stands for a route without a name, and for those beyond `maxRoutes`. */
const OTHER_ROUTE = 'other';
/** As OpenTelemetry has it, for methods that are none: anybody may send any word. */
const OTHER_METHOD = '_OTHER';
const MAX_ROUTE_LENGTH = 200;

const METHODS: ReadonlySet<string> = new Set([
  ...['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
  ...['OPTIONS', 'CONNECT', 'TRACE', 'QUERY'],
]);

/** Names routes, and no more than a certain number of them. */
export class RouteLabels {
  readonly #nameOf: RouteLabelsOptions['route'];
  readonly #maxRoutes: number;
  readonly #known = new Set<string>();

  /** @throws TypeError if an option is wrong */
  constructor({ route, maxRoutes = DEFAULT_MAX_ROUTES }: RouteLabelsOptions = {}) {
    if (route !== undefined && typeof route !== 'function') {
      throw new TypeError(
        `The option route must be a function of the request, such as (request) => request.routeName; it was ${typeof route}.`,
      );
    }
    if (!Number.isSafeInteger(maxRoutes) || maxRoutes < 0) {
      throw new TypeError(
        `The option maxRoutes must be a whole number from 0, such as ${DEFAULT_MAX_ROUTES}; it was ${String(maxRoutes)}.`,
      );
    }
    this.#nameOf = route;
    this.#maxRoutes = maxRoutes;
  }

  of({ method, route }: RoutedRequest, request: unknown): RouteLabel {
    return {
      method: METHODS.has(method) ? method : OTHER_METHOD,
      route: this.named(route ?? this.#named(request)),
    };
  }

  /** Of what has no request: a run. */
  named(route: string | undefined): string {
    if (route === undefined || route === '') return OTHER_ROUTE;
    const name = route.slice(0, MAX_ROUTE_LENGTH);
    if (this.#known.has(name)) return name;
    if (this.#known.size >= this.#maxRoutes) return OTHER_ROUTE;
    this.#known.add(name);
    return name;
  }

  #named(request: unknown): string | undefined {
    try {
      const name: unknown = this.#nameOf?.(request);
      return typeof name === 'string' ? name : undefined;
    } catch {
      // Whoever counts must not break what is counted.
      return undefined;
    }
  }
}
