import { type RunStore, systemTimers } from '@holdopen/runs';
import { Connection } from './connection.js';
import { Doorbell } from './doorbell.js';
import { refuseUnfit } from './fitness.js';
import { Hints } from './hints.js';
import { Keys } from './keys.js';
import { openCluster } from './links/cluster.js';
import type { OpenLink } from './links/link.js';
import { openServer } from './links/server.js';
import { type RedisStoreOptions, type RedisStoreSettings, resolveOptions } from './options.js';
import { Replicas } from './replicas.js';
import { RedisStore } from './store.js';

/**
 * Keeps runs in Redis 7 or Valkey, so that many processes share them and a restart forgets none. It
 * connects at the first use, with one connection for commands and one to listen (in a cluster: to
 * each server).
 *
 * A key starts its work at most once only as far as the server keeps the writes that it acknowledged:
 * see the README on `appendfsync` and `min-replicas-to-write`.
 *
 * @throws RunError `invalid_option`; at the first use also if the server is older than Redis 7, its
 * `maxmemory-policy` is not `noeviction`, or it does not let the user in. Once it did, that is waited for
 * as a server that is away
 * @example
 * const store = createRedisStore({ url: 'redis://localhost:6379' });
 */
export function createRedisStore(options: RedisStoreOptions): RunStore {
  const settings = resolveOptions(options);
  const { target, prefix, commandTimeoutMs, waitForReplicas } = settings;
  const keys = new Keys(prefix, target.kind === 'cluster');
  const open = linkTo(settings);
  // Half of the time, so that the server answers before the store gives up.
  const replicas = new Replicas(waitForReplicas, Math.ceil(commandTimeoutMs / 2));
  const connection = new Connection(open, commandTimeoutMs, systemTimers, replicas);
  const bell = new Connection(open, commandTimeoutMs, systemTimers);
  return new RedisStore(
    connection,
    keys,
    new Hints(connection, keys),
    new Doorbell(bell, keys, systemTimers),
  );
}

function linkTo({ target, commandTimeoutMs, allowEviction }: RedisStoreSettings): OpenLink {
  return async (events) => {
    const link =
      target.kind === 'cluster'
        ? await openCluster(target.options, commandTimeoutMs, events)
        : await openServer(target.options, commandTimeoutMs, events);
    try {
      await refuseUnfit(link, allowEviction);
      return link;
    } catch (error) {
      link.destroy();
      throw error;
    }
  };
}
