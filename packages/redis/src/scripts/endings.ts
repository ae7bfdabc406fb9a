import { OWNER_LUA, RECORD_LUA } from './record.js';
import { script } from './script.js';

// What ends a run, keeps it or gives memory back. All of it also when Redis has no memory left.

/** ARGV from 4 on: epoch, token, leaseMs, retentionMs. */
export const renewScript = script(
  `${RECORD_LUA}${OWNER_LUA}
local record = find()
local reason = refusal(record, ARGV[4], ARGV[5])
if reason then return answer(reason, record) end
local leaseUntil, retentionMs = now + tonumber(ARGV[6]), tonumber(ARGV[7])
set(record, {
  leaseUntil = leaseUntil, retentionMs = retentionMs,
  expiresAt = leaseUntil + record.graceMs + retentionMs,
})
expire(record)
return answer('ok', record)
`,
  { beyondMemory: true },
);

/**
 * ARGV from 4 on: epoch, token, expected tail, whether there is a head, the head, state, retentionMs,
 * whether a wish to cancel comes first, entry.
 */
export const settleScript = script(
  `${RECORD_LUA}${OWNER_LUA}
local epoch, token, expected, state, entry = ARGV[4], ARGV[5], tonumber(ARGV[6]), ARGV[9], ARGV[12]
local record = find()
-- The answer to this very step was lost.
if record and record.epoch == epoch and text(record.token) == token and record.state == state
    and record.tail == expected + 1 and (record.purged or valueAt(record.tail) == entry) then
  return answer('ok', record)
end
local reason = refusal(record, epoch, token)
if reason then return answer(reason, record) end
if record.tail ~= expected then return answer('tail', record) end
if ARGV[11] == '1' and record.cancelRequested then return answer('cancelled', record) end
grow(record, 12, ARGV[7] == '1' and ARGV[8] or nil)
settle(record, state, tonumber(ARGV[10]))
ring()
return answer('ok', record)
`,
  { beyondMemory: true },
);

/** ARGV from 4 on: epoch, or nothing for any, and the entry. */
export const markLostScript = script(
  `${RECORD_LUA}${OWNER_LUA}
local record = find()
if record and record.state == 'running' and now >= lostFrom(record)
    and (ARGV[4] == '' or record.epoch == ARGV[4]) then
  grow(record, 5, nil)
  settle(record, 'lost', record.retentionMs)
  ring()
  return answer('lost', record)
end
return answer('ok', record)
`,
  { beyondMemory: true },
);

/** ARGV from 4 on: epoch. */
export const cancelScript = script(
  `${RECORD_LUA}
local record = find()
if record and record.state == 'running' and record.epoch == ARGV[4] then
  set(record, { cancelRequested = 1 })
  ring()
end
return answer('ok', record)
`,
  { beyondMemory: true },
);

/** ARGV from 4 on: epoch. */
export const purgeScript = script(
  `${RECORD_LUA}
local record = find()
if record and record.state ~= 'running' and record.epoch == ARGV[4] and not record.purged then
  redis.call('DEL', log)
  redis.call('HDEL', row, 'head')
  record.head = nil
  -- The tail stays, so that nobody takes the run for one that has written nothing.
  set(record, { purged = 1, logBytes = 0 })
  ring()
end
return answer('ok', record)
`,
  { beyondMemory: true },
);
