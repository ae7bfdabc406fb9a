export { createRedisStore } from './create.js';
export {
  DEFAULT_COMMAND_TIMEOUT_MS,
  DEFAULT_PREFIX,
  DEFAULT_WAIT_FOR_REPLICAS,
  type RedisClient,
  type RedisCluster,
  type RedisStoreOptions,
} from './options.js';
