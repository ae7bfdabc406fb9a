import {
  HoldOpenError,
  type HoldOpenOptions,
  type Lane,
  type Mount,
  resolveOptions,
  type Settings,
} from '@holdopen/core';
import { firstLookMs } from './bun.js';
import { checkRuns, type RunsPort, withRunHeaders } from './runs.js';
import { environmentSwitch } from './runtime.js';
import { surroundings } from './surroundings.js';

/** What is left of `firstBeatMs` is waited for in so many steps at most. */
const GRAINS = 32;
const MIN_GRAIN_MS = 5;

/** Whatever `new Headers()` takes: an object, pairs, or `Headers`. */
export type HeadersInput = ConstructorParameters<typeof Headers>[0];

/** The options of `holdOpen` for fetch handlers. `tcpKeepAliveMs` does nothing: there is no socket. */
export interface FetchHoldOpenOptions extends HoldOpenOptions<Request> {
  /**
   * Headers for the head that holdopen sends in the handler's place, since the handler's own are not
   * known yet: those of CORS above all, without which a page of another origin sees nothing of a held
   * answer. Runs once, when the first beat is due, in the request's own async context; if it throws
   * or gives no headers, the head goes out without. A `Content-Type` among them counts as the
   * handler's own: the answer is held in its format, or not at all.
   *
   * @default none
   * @example
   * headers: () => ({ 'Access-Control-Allow-Origin': 'https://app.example' })
   */
  headers?: ((request: Request) => HeadersInput) | undefined;
  /**
   * Makes the work outlive its connection: `createRuns()` of @holdopen/runs. A request with an
   * `Idempotency-Key` starts its work once, and is answered from what was recorded of it, also after
   * the connection was lost.
   *
   * @default none
   */
  runs?: RunsPort | undefined;
}

/** Settings with what every response needs of them ready at hand. */
export class MountedSettings<Subject> {
  readonly settings: Settings<Subject>;
  readonly mount: Mount;
  readonly headers: ((request: Request) => HeadersInput) | undefined;
  readonly runs: RunsPort | undefined;
  /** The user's. */
  readonly #ownHeaders: ((request: Request) => HeadersInput) | undefined;
  /** Until the first look at a silent handler. */
  readonly firstLane: Lane;
  readonly beatLane: Lane;
  /** User code may run for a request, which costs a snapshot of its async context. */
  readonly hasHooks: boolean;

  constructor(
    settings: Settings<Subject>,
    mount: Mount,
    headers?: (request: Request) => HeadersInput,
    runs?: RunsPort,
  ) {
    const { clock } = surroundings;
    const { firstBeatMs, intervalMs } = settings;
    this.settings = settings;
    this.mount = mount;
    this.#ownHeaders = headers;
    this.headers = withRunHeaders(headers, runs);
    this.runs = runs;
    this.firstLane = clock.lane(firstLookMs(firstBeatMs));
    this.beatLane = clock.lane(intervalMs);
    this.hasHooks =
      settings.onBeat !== undefined ||
      settings.onLateOutcome !== undefined ||
      headers !== undefined ||
      typeof settings.format === 'function' ||
      typeof settings.lateError === 'function';
  }

  /** The same with an interval that is no longer than this. */
  withinInterval(intervalMs: number): MountedSettings<Subject> {
    if (this.settings.intervalMs <= intervalMs) return this;
    return this.#with({ intervalMs });
  }

  /** The same with a head that is withheld for so long at least. */
  withFirstBeatAfter(leastMs = 0): MountedSettings<Subject> {
    if (this.settings.firstBeatMs >= leastMs) return this;
    return this.#with({ firstBeatMs: leastMs });
  }

  #with(some: Partial<Settings<Subject>>): MountedSettings<Subject> {
    const settings = { ...this.settings, ...some };
    return new MountedSettings(settings, this.mount, this.#ownHeaders, this.runs);
  }

  /** Until the first beat, of which `leftMs` are left. Rounded up, so that there are few lanes. */
  restLane(leftMs: number): Lane {
    const grainMs = Math.max(MIN_GRAIN_MS, Math.ceil(this.settings.firstBeatMs / GRAINS));
    return surroundings.clock.lane(Math.ceil(leftMs / grainMs) * grainMs);
  }
}

/**
 * For adapters: checks options once, when they are mounted. On a `'route'` JSON is taken for granted,
 * `'global'`ly nothing is. `headers` takes the place of the option of that name.
 * @throws HoldOpenError if an option is wrong; its message says what to do.
 */
export function mountFetchOptions(
  options: FetchHoldOpenOptions | undefined,
  where: Mount,
  headers = options?.headers,
): MountedSettings<Request> {
  const settings = resolveOptions<Request>(options, {
    environment: environmentSwitch(),
    alsoKnown: ['headers', 'runs'],
  });
  checkHeaders(options?.headers);
  const runs = checkRuns(options);
  return new MountedSettings(settings, where, headers, runs);
}

/** @throws HoldOpenError if an option is wrong. */
export function mountResponse(
  options: HoldOpenOptions<Response> | undefined,
): MountedSettings<Response> {
  return new MountedSettings(
    resolveOptions<Response>(options, {
      environment: environmentSwitch(),
      alsoKnown: ['headers'],
    }),
    'route',
  );
}

function checkHeaders(given: FetchHoldOpenOptions['headers']): void {
  if (given === undefined || typeof given === 'function') return;
  throw new HoldOpenError(
    'HOLDOPEN_INVALID_OPTION',
    "headers must be a function of the request, such as () => ({ 'Access-Control-Allow-Origin': '*' }), for each held head has its own.",
    { option: 'headers', given },
  );
}
