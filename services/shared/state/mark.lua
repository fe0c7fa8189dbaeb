--[[
  Notes what the owner of a unit is about to reduce. The same note again counts once for each process that
  makes it: what a token has before its slash.

  KEYS[1]  meta (hash)
  ARGV[1]  owner token
  ARGV[2]  the attempt, as '<reducer>@<offset>'

  Returns 1, or 0 when the token is not the owner's and nothing was changed.
]]
local meta = KEYS[1]
local token, attempt = ARGV[1], ARGV[2]
local process = string.match(token, '^[^/]*')

local stored = redis.call('HMGET', meta, 'token', 'attempt', 'marker')
if stored[1] ~= token then return 0 end
if stored[2] ~= attempt then
  redis.call('HSET', meta, 'attempt', attempt, 'marker', process, 'times', 1)
elseif not string.find(' ' .. stored[3] .. ' ', ' ' .. process .. ' ', 1, true) then
  redis.call('HSET', meta, 'marker', stored[3] .. ' ' .. process)
  redis.call('HINCRBY', meta, 'times', 1)
end
return 1
