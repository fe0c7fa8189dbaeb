--[[
  Empties a unit, which keeps its owner and its facts: its next claim finds no position, and builds everything anew.

  KEYS[1]  meta (hash), KEYS[2] states (hash), KEYS[3] dead letters (hash)
  ARGV[1]  owner token

  Returns 1, or 0 when the token is not the owner's and nothing was changed.

  The position goes first: whoever reads it before and after the states never takes half of them for all. What is unlinked
  is freed by another thread, however large it is.
]]
local meta, states, dead = KEYS[1], KEYS[2], KEYS[3]
if redis.call('HGET', meta, 'token') ~= ARGV[1] then return 0 end
redis.call('HDEL', meta, 'next', 'target', 'anchor', 'caughtUpAt', 'completeAt', 'attempt', 'times', 'marker')
redis.call('HSET', meta, 'claims', 0)
redis.call('UNLINK', states, dead)
return 1
