--[[
  Makes a token the owner of a unit. The first claim also stores the facts; one with other facts changes nothing.

  KEYS[1]  meta (hash)
  ARGV[1]  owner token
  ARGV[2]  the log's end: the target where nothing was ever checkpointed and no target is stored
  ARGV[3]  formatVersion, ARGV[4] partitions, ARGV[5] reducersHash

  Returns {next, anchor, target, claims, attempt, times, formatVersion, partitions, reducersHash} as they are stored
  then; next, anchor, target, attempt and times are false, or attempt is '', where there is none.

  A token is made for one claim, so one that is there already is the same command sent again: it counts once. Before its
  slash it names the process (`createToken` in `unit-meta.ts`); one that claims again has not ended, and counts once too.
  When the memory is full Redis refuses the first command that needs more and then ends the script, so what a claim
  always writes is written first.
]]
local meta = KEYS[1]
local token, logEnd = ARGV[1], ARGV[2]
local format, partitions, hash = ARGV[3], ARGV[4], ARGV[5]

local function processOf(made) return string.match(made, '^[^/]*') end

local stored = redis.call('HMGET', meta, 'formatVersion', 'partitions', 'reducersHash', 'token', 'claims')
local isFirst = not stored[1]
local isSame = stored[1] == format and stored[2] == partitions and stored[3] == hash

if isFirst or (isSame and stored[4] ~= token) then
  redis.call('HSET', meta, 'token', token, 'formatVersion', format, 'partitions', partitions, 'reducersHash', hash)
  local isAgain = not isFirst and stored[5] ~= '0' and processOf(stored[4]) == processOf(token)
  if not isAgain then redis.call('HINCRBY', meta, 'claims', 1) end
  if redis.call('HEXISTS', meta, 'next') == 0 then redis.call('HSETNX', meta, 'target', logEnd) end
end
return redis.call('HMGET', meta, 'next', 'anchor', 'target', 'claims', 'attempt', 'times', 'formatVersion',
  'partitions', 'reducersHash')
