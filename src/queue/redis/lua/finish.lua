-- How a worker's attempt ended. A request that was told "it will be cancelled" ends cancelled, even when the work was done first.
--
-- Input: id, workerId, attempts, field (result or failure), value (JSON), measured (milliseconds of GPU time)
-- Reply: the status that it has now, or 'gone'
-- @include records ends attempts

local held, status = isHeldBy(input)
if not held then return status or 'gone' end
local cancel = redis.call('HGET', recordKey(input.id), 'cancel')
if cancel then
  redis.call('HSET', recordKey(input.id), 'failure', cancel)
  return endWork(input, 'cancelled')
end
redis.call('HSET', recordKey(input.id), input.field, input.value)
return endWork(input, input.field == 'result' and 'delivering' or 'failed')
