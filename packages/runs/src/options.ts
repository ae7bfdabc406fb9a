import type { FetchHoldOpenOptions } from '@holdopen/fetch';
import type { Authorize } from './access/authorize.js';
import type { CorsOptions } from './cors.js';
import type { OwnerOptions } from './owner/options.js';
import type { RunStore } from './store.js';
import type { RunToken } from './token.js';

export const DEFAULT_KEY_HEADER = 'Idempotency-Key';
export const DEFAULT_RUN_METHODS: readonly string[] = ['POST', 'PATCH'];
export const DEFAULT_BASE_PATH = '/runs';
/** 10 MiB. */
export const DEFAULT_MAX_BODY_BYTES = 10_485_760;
export const DEFAULT_MAX_RUNNING = 1_000;
export const DEFAULT_MAX_RUNNING_PER_PRINCIPAL = 100;
export const DEFAULT_TOKEN_TTL_MS = 3_600_000;
export const DEFAULT_SWEEP_INTERVAL_MS = 30_000;

/** Options of `createRuns`. All times in milliseconds, all sizes in bytes. */
export interface RunsOptions extends OwnerOptions {
  /**
   * Decides alone who may start work, attach to it, read its state and cancel it. Gives whom the
   * request is from, or refuses.
   * @example
   * authorize: async (request) => (await session(request))?.userId
   */
  authorize: Authorize;
  /**
   * Where runs are kept.
   * @default the memory of this process
   */
  store?: RunStore | undefined;
  /**
   * What ids and tokens are signed with, at least 16 bytes and the same in all processes that share a
   * store. Another one makes other ids: keys that were used then start their work again.
   * @default random, which only the memory store allows
   */
  secret?: Uint8Array | string | undefined;
  /**
   * Whether `authorize` may give `ANONYMOUS`. A caller without a principal then proves with its key, of
   * at least 128 bits, or with the id of its run that it is the one who started it.
   * @default false
   */
  anonymous?: boolean | undefined;
  /**
   * The header that names the key; `false` if no header does.
   * @default 'Idempotency-Key'
   */
  keyHeader?: string | false | undefined;
  /**
   * The key of a request that has none in a header: which requests are the same run. The only way for
   * methods that are not in `methods`, such as GET.
   */
  key?: ((request: Request) => string | undefined) | undefined;
  /**
   * The methods on which the key's header counts.
   * @default ['POST', 'PATCH']
   */
  methods?: readonly string[] | undefined;
  /**
   * What a key meets whose work was lost with its process: it is told so, or the work starts again,
   * which may then have been done twice.
   * @default 'tell'
   */
  onLost?: 'tell' | 'rerun' | undefined;
  /**
   * What a second request under a key meets while the work goes on: it waits with it, or gets 409.
   * @default 'attach'
   */
  whileRunning?: 'attach' | 'refuse' | undefined;
  /**
   * What makes two requests the same payload, in place of method, path, query, media type and body.
   * The request's body may be read. A text that is not empty; anything else is an error.
   */
  fingerprint?: ((request: Request) => string | Promise<string>) | undefined;
  /**
   * The largest body of a request with a key, which is kept in memory until the work has begun. Larger
   * ones get 413.
   * @default 10 MiB
   */
  maxBodyBytes?: number | undefined;
  /**
   * How the run routes are kept alive while a client waits there for events or a result: the options
   * of `holdOpen`.
   * @default those of holdOpen
   */
  hold?: Omit<FetchHoldOpenOptions, 'headers' | 'runs'> | undefined;
  /**
   * The path of the run routes, for `Link` and `Location`.
   * @default '/runs'
   */
  basePath?: string | undefined;
  /** Headers of the handler's that watchers get, too. Never `set-cookie` or those of a connection. */
  keepHeaders?: readonly string[] | undefined;
  /** What pages of other origins may see of runs. Computed anew for each answer. */
  cors?: CorsOptions | undefined;
  /**
   * How many runs go on in this process at once. Beyond it new work gets 429.
   * @default 1000
   */
  maxRunning?: number | undefined;
  /**
   * How many of them are of one principal. Callers without one are not counted together.
   * @default 100
   */
  maxRunningPerPrincipal?: number | undefined;
  /**
   * How long a run token counts.
   * @default 3600000
   */
  tokenTtlMs?: number | undefined;
  /** Says that a token counts no more. */
  isRevoked?: ((token: RunToken) => boolean | Promise<boolean>) | undefined;
  /**
   * How often a run is looked at though the store did not ring.
   * @default 5000
   */
  slowPollMs?: number | undefined;
  /**
   * How often lost and expired runs are looked for that nobody asks for; some earlier and some later, so
   * that processes do not do it together.
   * @default 30000
   */
  sweepIntervalMs?: number | undefined;
}
