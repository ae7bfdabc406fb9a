/**
 * The fields of a record, in the order in which scripts answer them. The first letter says of what
 * kind they are: text, number, bytes.
 */
export const RECORD_FIELDS = [
  'run',
  'principal',
  'route',
  'fingerprint',
  'state',
  'epoch',
  'attempt',
  'token',
  'tail',
  'logBytes',
  'startedAt',
  'settledAt',
  'leaseUntil',
  'graceMs',
  'retentionMs',
  'expiresAt',
  'cancelRequested',
  'purged',
  'head',
] as const;

const FIRST_NUMBER = RECORD_FIELDS.indexOf('attempt') + 1;
const LAST_NUMBER = RECORD_FIELDS.indexOf('purged') + 1;

/**
 * What all scripts about one run begin with. `KEYS`: record, log. `ARGV`: the command that rings, the
 * channel, the run; then the script's own.
 */
export const RECORD_LUA = `
local row, log = KEYS[1], KEYS[2]
local run = ARGV[3]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local FIELDS = { ${RECORD_FIELDS.map((name) => `'${name}'`).join(', ')} }

-- tostring keeps 14 digits; a time in milliseconds has 13, an offset any number.
local function text(value)
  if type(value) == 'number' then return string.format('%.0f', value) end
  return value
end

-- Whatever run has the key, if it is not expired.
local function inSlot()
  local values = redis.call('HMGET', row, unpack(FIELDS))
  if not values[1] then return nil end
  local record = {}
  for i, name in ipairs(FIELDS) do
    if values[i] then record[name] = values[i] end
    if i >= ${FIRST_NUMBER} and i <= ${LAST_NUMBER} then record[name] = tonumber(record[name]) end
  end
  if record.expiresAt <= now then return nil end
  return record
end

local function find()
  local record = inSlot()
  if record and record.run == run then return record end
  return nil
end

local function set(record, changes)
  local arguments = {}
  for name, value in pairs(changes) do
    record[name] = value
    arguments[#arguments + 1] = name
    arguments[#arguments + 1] = text(value)
  end
  redis.call('HSET', row, unpack(arguments))
end

-- Nothing of a run outlives its record.
local function expire(record)
  redis.call('PEXPIREAT', row, text(record.expiresAt))
  redis.call('PEXPIREAT', log, text(record.expiresAt))
end

local function answer(outcome, record, entries)
  local values = false
  if record then
    values = {}
    for i, name in ipairs(FIELDS) do values[i] = text(record[name]) or false end
  end
  return { outcome, text(now), values, entries or {} }
end

-- Who may not publish still writes; watchers then look from time to time.
local function ring()
  redis.pcall(ARGV[1], ARGV[2], string.sub(run, 1, 22))
end

local function lostFrom(record)
  return record.leaseUntil + record.graceMs
end
`;

/** For scripts that write: who may, and how a log grows and ends. */
export const OWNER_LUA = `
-- Why this owner may not write, if it may not.
local function refusal(record, epoch, token)
  if not record then return 'missing' end
  if record.epoch ~= epoch or text(record.token) ~= token then return 'fenced' end
  if record.state ~= 'running' then return 'settled' end
  if now >= lostFrom(record) then return 'fenced' end
  -- Somebody took the log away, or some of it: an entry behind a hole helps nobody.
  if redis.call('XLEN', log) ~= record.tail then return 'missing' end
  return nil
end

local function valueAt(offset)
  local found = redis.call('XRANGE', log, text(offset), text(offset))[1]
  return found and found[2][2]
end

-- Adds the entries from ARGV[first] on, and the head unless there is one.
local function grow(record, first, head)
  local changes = { tail = record.tail, logBytes = record.logBytes }
  for i = first, #ARGV do
    changes.tail = changes.tail + 1
    changes.logBytes = changes.logBytes + #ARGV[i]
    redis.call('XADD', log, text(changes.tail) .. '-0', 'b', ARGV[i])
  end
  if head and not record.head then
    changes.head = head
    changes.logBytes = changes.logBytes + #head
  end
  local isNew = record.tail == 0 and changes.tail > 0
  set(record, changes)
  if isNew then redis.call('PEXPIREAT', log, text(record.expiresAt)) end
end

local function settle(record, state, retentionMs)
  set(record, { state = state, settledAt = now, expiresAt = now + retentionMs })
  expire(record)
end
`;
