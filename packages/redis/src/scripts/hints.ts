import { script } from './script.js';

// Each about one sorted set of run ids.

/** ARGV: run, score, how long the set is kept at least. */
export const noteScript = script(
  `
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[3]) then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
return 1
`,
  { beyondMemory: true },
);

/** ARGV: run, the score it was found with, or nothing for any. A hint that was renewed meanwhile stays. */
export const forgetScript = script(
  `
local score = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not score or (ARGV[2] ~= '' and tonumber(score) ~= tonumber(ARGV[2])) then return 0 end
return redis.call('ZREM', KEYS[1], ARGV[1])
`,
  { beyondMemory: true },
);

/** ARGV: limit. Runs whose time has come, with their scores, by the server's clock. */
export const dueScript = script(
  `
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'WITHSCORES', 'LIMIT', 0, ARGV[1])
`,
  { readsOnly: true },
);
