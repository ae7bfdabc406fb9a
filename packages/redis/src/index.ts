export { createRedisStore } from './create.js';
export {
  DEFAULT_COMMAND_TIMEOUT_MS,
  DEFAULT_PREFIX,
  type RedisClient,
  type RedisCluster,
  type RedisStoreOptions,
} from './options.js';
