-- Whoever changes the mark does what belongs to it; whoever comes second finds it changed.
--
-- Input: id, mark: hidden, shown or deleted
-- Reply: whether it was changed
-- @include records

local status, hiddenAt, deletedAt = unpack(read(input.id, 'status', 'hiddenAt', 'deletedAt'))
if not status or deletedAt then return false end
if input.mark == 'shown' then
  -- Somebody has looked: it is not reported again.
  if redis.call('HDEL', recordKey(input.id), 'hiddenAt') == 0 then return false end
  redis.call('HSET', recordKey(input.id), 'lookedAt', input.now)
  return true
end
if input.mark == 'hidden' then
  if hiddenAt then return false end
  redis.call('HDEL', recordKey(input.id), 'lookedAt')
end
redis.call('HSET', recordKey(input.id), input.mark .. 'At', input.now)
return true
