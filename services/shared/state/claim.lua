--[[
  Makes a token the owner of a unit. The first claim also stores the facts; later ones find them.

  KEYS[1]  meta (hash)
  ARGV[1]  owner token
  ARGV[2]  formatVersion, ARGV[3] partitions, ARGV[4] reducersHash

  Returns {next, formatVersion, partitions, reducersHash}; next is false when nothing was checkpointed yet.
]]
local meta = KEYS[1]
redis.call('HSET', meta, 'token', ARGV[1])
redis.call('HSETNX', meta, 'formatVersion', ARGV[2])
redis.call('HSETNX', meta, 'partitions', ARGV[3])
redis.call('HSETNX', meta, 'reducersHash', ARGV[4])
return redis.call('HMGET', meta, 'next', 'formatVersion', 'partitions', 'reducersHash')
