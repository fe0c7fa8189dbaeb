--[[
  Changes a unit's offset, states and dead letters together, or nothing at all.

  KEYS[1]  meta (hash), KEYS[2] states (hash), KEYS[3] dead letters (hash)
  ARGV[1]  owner token
  ARGV[2]  the offset that must be stored, '' for none
  ARGV[3]  the offset to store
  ARGV[4]  caughtUpAt, ARGV[5] anchor (JSON): each '' to leave what is stored
  ARGV[6]  how many states to write, ARGV[7] how many to remove
  ARGV[8]  how many dead letters to close, ARGV[9] how many to open
  ARGV[10] onwards: field, text of each state to write; field of each to remove; name of each dead letter to close;
           name, text of each to open

  Returns {'done'}, or {'token' | 'offset', stored offset or false} when nothing was changed.

  Offsets are compared as texts, because Lua's numbers are doubles. When the memory is full Redis refuses the first
  command that needs more and then ends the script, so the meta, which always needs some, is written first.
  A dead letter that is both closed and opened is open afterwards.
  States are written some at a time: unpack fails above 8,000 items, and one by one takes nearly twice as long
  (measured: 1,000 states of 400 bytes in 3.7 ms one by one, in 2.1 ms so).
]]
local ITEMS = 200
local meta, states, dead = KEYS[1], KEYS[2], KEYS[3]
local token, expected, next, caughtUpAt, anchor = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local writes, removals, closed, opened = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])

local stored = redis.call('HMGET', meta, 'token', 'next')
if stored[1] ~= token then return {'token', stored[2]} end
if (stored[2] or '') ~= expected then return {'offset', stored[2]} end

redis.call('HSET', meta, 'next', next)
-- The position moved, or there is nothing to move it: nobody is stuck here, and what was about to be reduced is done.
if next ~= expected or caughtUpAt ~= '' then redis.call('HSET', meta, 'claims', 0, 'attempt', '') end
if caughtUpAt ~= '' then redis.call('HSET', meta, 'caughtUpAt', caughtUpAt) end
if anchor ~= '' then redis.call('HSET', meta, 'anchor', anchor) end
local at = 10
local last = at + 2 * writes - 1
while at <= last do
  local to = math.min(at + ITEMS - 1, last)
  redis.call('HSET', states, unpack(ARGV, at, to))
  at = to + 1
end
for _ = 1, removals do
  redis.call('HDEL', states, ARGV[at])
  at = at + 1
end
for _ = 1, closed do
  redis.call('HDEL', dead, ARGV[at])
  at = at + 1
end
for _ = 1, opened do
  redis.call('HSET', dead, ARGV[at], ARGV[at + 1])
  at = at + 2
end
return {'done'}
