import { RECORD_LUA } from './record.js';
import { script } from './script.js';

// Record, claim and first lease in one step. ARGV from 4 on: epoch, principal, route, fingerprint,
// leaseMs, graceMs, retentionMs, and the states in which the key starts anew.
const CLAIM = `
local epoch, fingerprint = ARGV[4], ARGV[7]
local leaseMs, graceMs, retentionMs = tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])
local there = inSlot()
local attempt, token = 1, 1
if there then
  if there.fingerprint ~= fingerprint then return answer('conflict', there) end
  if there.state == 'running' then
    -- The claimant repeats itself: the answer was lost.
    return answer(there.epoch == epoch and 'started' or 'exists', there)
  end
  -- A claim that was long on its way: its start is over, and no epoch comes again.
  if there.epoch == epoch then return answer('exists', there) end
  local startsAnew = false
  for i = 11, #ARGV do startsAnew = startsAnew or ARGV[i] == there.state end
  if not startsAnew then return answer('exists', there) end
  -- The run keeps its name, so that its places on the wire stay; cursors name the epoch.
  run, attempt, token = there.run, there.attempt + 1, there.token + 1
end
if isFull then return answer('full', there) end
redis.call('DEL', row, log)
local record = {}
set(record, {
  run = run, principal = ARGV[5], route = ARGV[6], fingerprint = fingerprint,
  state = 'running', epoch = epoch, attempt = attempt, token = token,
  tail = 0, logBytes = 0, startedAt = now, leaseUntil = now + leaseMs,
  graceMs = graceMs, retentionMs = retentionMs,
  expiresAt = now + leaseMs + graceMs + retentionMs,
})
expire(record)
if there then ring() end
return answer('started', record)
`;

export const claimScript = script(`${RECORD_LUA}local isFull = false\n${CLAIM}`);

/** The same when Redis has no memory left: what is there already is told all the same. */
export const claimWhenFullScript = script(`${RECORD_LUA}local isFull = true\n${CLAIM}`, {
  beyondMemory: true,
});
