--[[
  Replaces what open dead letters say by where their copies are. One that is not open is passed over,
  one that has a copy gets the later one (`copied` in `unit-meta.ts` is the same rule).

  KEYS[1]  dead letters (hash)
  ARGV     name, then the JSON of the copy's place, of each

  A dead letter is stored as two lines: what stays, and the rest (see `redis-dead-letters.ts`). Lua's numbers are
  doubles, and its JSON rounds them, so the first line is taken over as it is.
]]
local dead = KEYS[1]
for at = 1, #ARGV, 2 do
  local name, copy = ARGV[at], ARGV[at + 1]
  local stored = redis.call('HGET', dead, name)
  if stored then
    local lineEnd = string.find(stored, '\n', 1, true)
    redis.call('HSET', dead, name, string.sub(stored, 1, lineEnd) .. copy)
  end
end
