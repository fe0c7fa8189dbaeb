--[[
  Changes a unit's offset, states and dead letters together, or nothing at all.

  KEYS[1]  meta (hash), KEYS[2] states (hash), KEYS[3] dead letters (hash)
  ARGV[1]  owner token
  ARGV[2]  the offset that must be stored, '' for none
  ARGV[3]  the offset to store
  ARGV[4]  caughtUpAt, '' to leave what is stored
  ARGV[5]  how many states to write, ARGV[6] how many to remove, ARGV[7] how many dead letters
  ARGV[8]  onwards: field, text of each state to write; field of each to remove; name, JSON of each dead letter

  Returns {'done'}, or {'token' | 'offset', stored offset or false} when nothing was changed.

  Offsets are compared as texts, because Lua's numbers are doubles. When the memory is full Redis refuses the first
  command that needs more and then ends the script, so the meta, which always needs some, is written first.
  Pairs are written one by one: unpack fails above 8,000 items.
]]
local meta, states, dead = KEYS[1], KEYS[2], KEYS[3]
local token, expected, next, caughtUpAt = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local writes, removals, letters = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])

local stored = redis.call('HMGET', meta, 'token', 'next')
if stored[1] ~= token then return {'token', stored[2]} end
if (stored[2] or '') ~= expected then return {'offset', stored[2]} end

redis.call('HSET', meta, 'next', next)
if caughtUpAt ~= '' then redis.call('HSET', meta, 'caughtUpAt', caughtUpAt) end
local at = 8
for _ = 1, writes do
  redis.call('HSET', states, ARGV[at], ARGV[at + 1])
  at = at + 2
end
for _ = 1, removals do
  redis.call('HDEL', states, ARGV[at])
  at = at + 1
end
for _ = 1, letters do
  redis.call('HSET', dead, ARGV[at], ARGV[at + 1])
  at = at + 2
end
return {'done'}
