import type { HoldSettings, ProxyRoute } from './routes.js';

export const DEFAULT_LISTEN = '127.0.0.1:8080';
/** Below the 2 s of gunicorn, the shortest of the servers in common use. */
export const DEFAULT_UPSTREAM_IDLE_MS = 1_500;
export const DEFAULT_UPSTREAM_CONNECT_MS = 10_000;
/** Above the 60 s for which nginx and an AWS load balancer keep their connections to us. */
export const DEFAULT_KEEP_ALIVE_MS = 75_000;
export const DEFAULT_HEAD_MS = 20_000;
export const DEFAULT_REQUEST_MS = 300_000;
export const DEFAULT_DRAIN_MS = 10_000;
export const DEFAULT_MAX_HEAD_BYTES = 16_384;

export const ACCESS_LOGS = ['json', 'text', 'off'] as const;
export type AccessLog = (typeof ACCESS_LOGS)[number];

/** What a file of options may hold: what `createProxy` takes, in JSON. */
export interface ProxyOptions {
  /** The one server behind: `http://127.0.0.1:8000`, `https://api.internal`, `unix:/run/app.sock`. */
  target: string | URL;
  /** Where to listen, `host:port`, a port of this machine alone, or `unix:/path`; port 0 is a free one. @default '127.0.0.1:8080' */
  listen?: string;
  /** Which answers are held, the first that matches: `POST /v1/*`, or with options of its own. */
  routes?: readonly (string | ProxyRoute)[];
  /**
   * Holds also what no route names, if its client accepts nothing but JSON and event streams or the
   * server has begun a stream of a type that carries beats.
   * @default false
   */
  global?: boolean;
  /** Options of `holdOpen` for all routes. */
  hold?: HoldSettings;
  /** PEM. With it TLS is spoken, HTTP/2 and HTTP/1.1. */
  tls?: { readonly cert: string | Buffer; readonly key: string | Buffer };
  /** PEM of the authority that signed the target's certificate. @default those that Node knows */
  upstreamCa?: string | Buffer;
  /** Takes any certificate of the target. @default false */
  upstreamInsecure?: boolean;
  /** Time to connect to the target, in milliseconds. @default 10000 */
  upstreamConnectMs?: number;
  /**
   * After so long an idle connection to the target is closed, in milliseconds. It must be less than the
   * target's own limit. @default 1500
   */
  upstreamIdleMs?: number;
  /** The target gets its own name as `Host` in place of the client's. @default false */
  rewriteHost?: boolean;
  /** Continues `X-Forwarded-*` of a proxy in front in place of dropping it. @default false */
  trustForwarded?: boolean;
  /** After so long an idle connection of a client is closed, in milliseconds. @default 75000 */
  keepAliveMs?: number;
  /** Time for a request's head, in milliseconds; then 408. @default 20000 */
  headMs?: number;
  /** Time for a whole request, its body too, in milliseconds; 0 for no limit. @default 300000 */
  requestMs?: number;
  /** The largest head of a request or an answer. @default 16384 */
  maxHeadBytes?: number;
  /** Time for answers to end at shutdown, in milliseconds. @default 10000 */
  drainMs?: number;
  /** Where health and metrics are, `host:port`. @default none */
  admin?: string;
  /** One line for each answer. @default 'off'; the command's is 'text' */
  accessLog?: AccessLog;
}

/** Where what is to be read goes. */
export interface ProxyOutput {
  /** Lines of the access log. */
  write(text: string): unknown;
}

const NAMES: readonly (keyof ProxyOptions)[] = [
  'target',
  'listen',
  'routes',
  'global',
  'hold',
  'tls',
  'upstreamCa',
  'upstreamInsecure',
  'upstreamConnectMs',
  'upstreamIdleMs',
  'rewriteHost',
  'trustForwarded',
  'keepAliveMs',
  'headMs',
  'requestMs',
  'maxHeadBytes',
  'drainMs',
  'admin',
  'accessLog',
];
export const OPTION_NAMES: ReadonlySet<string> = new Set(NAMES);
