import { OWNER_LUA, RECORD_LUA } from './record.js';
import { script } from './script.js';

// ARGV from 4 on: epoch, token, expected tail, whether there is a head, the head, the entries.
const APPEND = `
local record = find()
local reason = refusal(record, ARGV[4], ARGV[5])
if reason then return answer(reason, record) end
local expected, first = tonumber(ARGV[6]), 9
local overlap = record.tail - expected
if overlap < 0 then return answer('tail', record) end
-- An owner that repeats itself repeats the same bytes.
local repeated = math.min(overlap, #ARGV - 8)
for i = 1, repeated do
  if valueAt(expected + i) ~= ARGV[8 + i] then return answer('tail', record) end
end
local head = ARGV[7] == '1' and ARGV[8] or nil
local isThere = repeated == #ARGV - 8 and (not head or record.head)
if not isThere then
  if isFull then return answer('full', record) end
  grow(record, first + repeated, head)
  ring()
end
return answer('ok', record)
`;

export const appendScript = script(`${RECORD_LUA}${OWNER_LUA}local isFull = false\n${APPEND}`);

/** The same when Redis has no memory left: what was appended already is a success all the same. */
export const appendWhenFullScript = script(
  `${RECORD_LUA}${OWNER_LUA}local isFull = true\n${APPEND}`,
  { beyondMemory: true },
);

export const getScript = script(`${RECORD_LUA}return answer('ok', find())`, { readsOnly: true });

// ARGV from 4 on: epoch, after, maxEntries, maxBytes. Answers the entries behind `after`, without a gap.
export const readScript = script(
  `${RECORD_LUA}
local record = find()
if not record or record.epoch ~= ARGV[4] then return answer('ok', record) end
local after, entriesLeft, bytesLeft = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local entries, count = {}, 0
-- Asked for in portions of about what is wanted: entries may be large, and a reply of all of them
-- would be built only to be thrown away.
local average = math.max(1, record.logBytes / math.max(1, record.tail))
while entriesLeft > 0 and bytesLeft > 0 do
  local portion = math.min(entriesLeft, math.ceil(bytesLeft / average), 1000)
  local found = redis.call('XRANGE', log, '(' .. text(after) .. '-0', '+', 'COUNT', text(portion))
  local whole = #found
  -- Ids are not answered, since what is behind a hole is not. They only grow, so the last one tells.
  if whole > 0 and found[whole][1] ~= text(after + whole) .. '-0' then
    whole = 0
    while found[whole + 1][1] == text(after + whole + 1) .. '-0' do whole = whole + 1 end
  end
  for i = 1, whole do
    if bytesLeft <= 0 then break end
    count = count + 1
    entries[count] = found[i][2][2]
    bytesLeft = bytesLeft - #entries[count]
  end
  if whole < portion then break end
  after = after + whole
  entriesLeft = entriesLeft - whole
end
return answer('ok', record, entries)
`,
  { readsOnly: true },
);
