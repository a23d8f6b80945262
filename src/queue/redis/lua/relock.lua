-- Redis was away for longer than the lock lives. Whoever holds the record takes the job's lock again, also when a check for stalled
-- jobs has put the job back already, as long as nobody else has taken it.
--
-- Input: id, workerId, attempts, token, lockDuration (milliseconds)
-- Reply: whether the lock is theirs
-- @include records attempts

local model = redis.call('HGET', recordKey(input.id), 'model')
if not model or not isHeldBy(input) then return false end
local job = bullKey(model, 'g-' .. input.id)
local lock = redis.call('GET', job .. ':lock')
if lock then return lock == input.token end
if not redis.call('LPOS', bullKey(model, 'active'), 'g-' .. input.id) then
  if redis.call('LREM', bullKey(model, 'wait'), 1, 'g-' .. input.id) == 0 then return false end
  redis.call('LPUSH', bullKey(model, 'active'), 'g-' .. input.id)
end
redis.call('SET', job .. ':lock', input.token, 'PX', input.lockDuration)
redis.call('SREM', bullKey(model, 'stalled'), 'g-' .. input.id)
return true
