-- Records of generations: one hash each, with fields of their own for what different processes write. Every change of status is a
-- compare-and-set inside one command, which Redis runs one at a time.
--
-- queued -> running -> delivering -> delivered; failed or cancelled from any of the first three; running -> queued when a worker
-- gives a job back. `open` holds whatever has not reached the person yet. What came over the API reaches its person by being
-- stored: it passes over `delivering`, and has no delivery.
--
-- @include names

local function read(id, ...)
  return redis.call('HMGET', recordKey(id), ...)
end

local function setStatus(id, status)
  redis.call('HSET', recordKey(id), 'status', status)
  publishStatus(id, status)
end

local function remember(key, id, now)
  redis.call('ZADD', key, now, id)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', whole(now - day))
  redis.call('PEXPIRE', key, day)
end

-- The person has it, or never will: the record stays for a while, for "again", and goes.
local function close(id, retention)
  redis.call('ZREM', openKey, id)
  redis.call('PEXPIRE', recordKey(id), retention)
end
