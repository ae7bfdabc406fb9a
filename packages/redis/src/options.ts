import { RunError } from '@holdopen/runs';
import type { createClient, RedisClusterOptions } from 'redis';

export const DEFAULT_PREFIX = 'holdopen:';
export const DEFAULT_COMMAND_TIMEOUT_MS = 4_000;
export const DEFAULT_WAIT_FOR_REPLICAS = 0;

/** Where Redis or Valkey is, and how it is used. Exactly one of `url`, `client` and `cluster`. */
export interface RedisStoreOptions {
  /** `redis[s]://[[user][:password]@]host[:port][/database]` */
  url?: string | undefined;
  /**
   * A client of the npm package `redis` whose options are used: TLS, credentials, a path. The store
   * opens connections of its own with them; the client itself is neither used nor closed, and need
   * not be connected.
   */
  client?: RedisClient | undefined;
  /** Options for `createCluster` of the npm package `redis`. */
  cluster?: RedisCluster | undefined;
  /**
   * Begins the names of all keys and channels. Another prefix is another store.
   * @default 'holdopen:'
   */
  prefix?: string | undefined;
  /**
   * How long one command may take, with connecting, in milliseconds. Then it is rejected with
   * `store_unavailable`, and the connection is replaced, since a socket may be dead without saying
   * so. Well below a third of `leaseMs`, from 50 to 60000.
   * @default 4000
   */
  commandTimeoutMs?: number | undefined;
  /**
   * Also works with a server whose `maxmemory-policy` is not `noeviction`. Such a server throws away
   * keys when it is full: running work is cut off, and an idempotency key is forgotten, so that its
   * work may start again.
   * @default false
   */
  allowEviction?: boolean | undefined;
  /**
   * How many replicas must have taken a write before it counts (`WAIT`), so that a failover to one of
   * them loses nothing. With fewer, writes are rejected with `store_unavailable`. Each write then takes
   * a round trip to the replicas, and the writes of a process wait for one another. In a cluster all
   * servers are asked, so that one without replicas holds up all writes.
   * @default 0
   */
  waitForReplicas?: number | undefined;
}

/** As `createClient` gives it; only its options matter. */
export type RedisClient = Pick<ReturnType<typeof createClient>, 'options'>;
/** The options of `createCluster`. */
export type RedisCluster = Pick<
  RedisClusterOptions,
  'rootNodes' | 'defaults' | 'nodeAddressMap' | 'maxCommandRedirections'
>;

/** How the store reaches its servers. */
type RedisTarget =
  | { readonly kind: 'server'; readonly options: RedisClient['options'] }
  | { readonly kind: 'cluster'; readonly options: RedisCluster };

export interface RedisStoreSettings {
  readonly target: RedisTarget;
  readonly prefix: string;
  readonly commandTimeoutMs: number;
  readonly allowEviction: boolean;
  readonly waitForReplicas: number;
}

/** @throws RunError `invalid_option` */
export function resolveOptions(options: RedisStoreOptions): RedisStoreSettings {
  const { prefix = DEFAULT_PREFIX, allowEviction = false } = options;
  const { commandTimeoutMs = DEFAULT_COMMAND_TIMEOUT_MS } = options;
  const { waitForReplicas = DEFAULT_WAIT_FOR_REPLICAS } = options;
  const target = targetOf(options);
  // A brace would move the hash tag, and a run's keys would lie in different slots.
  if (typeof prefix !== 'string' || !/^[^{}]{1,100}$/.test(prefix)) {
    throw invalid(
      `prefix must have from 1 to 100 characters without { and }; it was ${String(prefix)}.`,
      prefix,
    );
  }
  const isNumber = typeof commandTimeoutMs === 'number';
  if (!(isNumber && commandTimeoutMs >= 50 && commandTimeoutMs <= 60_000)) {
    throw invalid(
      `commandTimeoutMs must be a number from 50 to 60000; it was ${String(commandTimeoutMs)}.`,
      commandTimeoutMs,
    );
  }
  if (typeof allowEviction !== 'boolean') {
    throw invalid(
      `allowEviction must be true or false; it was ${String(allowEviction)}.`,
      allowEviction,
    );
  }
  if (!(Number.isInteger(waitForReplicas) && waitForReplicas >= 0 && waitForReplicas <= 100)) {
    throw invalid(
      `waitForReplicas must be a whole number from 0 to 100; it was ${String(waitForReplicas)}.`,
      waitForReplicas,
    );
  }
  return { target, prefix, commandTimeoutMs, allowEviction, waitForReplicas };
}

function targetOf({ url, client, cluster }: RedisStoreOptions): RedisTarget {
  const given = [url, client, cluster].filter((one) => one !== undefined).length;
  if (given !== 1) {
    throw invalid(
      `createRedisStore needs exactly one of url, client and cluster; it was given ${given} of them. For example { url: 'redis://localhost:6379' }.`,
      given,
    );
  }
  if (url !== undefined) {
    // Not shown: it may hold a password.
    if (!/^rediss?:\/\//.test(url) || !URL.canParse(url)) {
      throw invalid('url must begin with redis:// or rediss:// and name a server.', undefined);
    }
    return { kind: 'server', options: { url } };
  }
  if (client !== undefined) {
    if (typeof client.options !== 'object' || 'rootNodes' in client.options) {
      throw invalid(
        'client must be what createClient of the npm package redis gives. For a cluster give { cluster: { rootNodes: [{ url }] } }.',
        undefined,
      );
    }
    return { kind: 'server', options: client.options };
  }
  if (!Array.isArray(cluster?.rootNodes) || cluster.rootNodes.length === 0) {
    throw invalid('cluster needs rootNodes with at least one { url }.', undefined);
  }
  return { kind: 'cluster', options: cluster };
}

function invalid(message: string, given: unknown): RunError {
  return new RunError('invalid_option', message, { given });
}
