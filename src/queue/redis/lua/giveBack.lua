-- A worker gives a generation back: to the front of the queue, or held where its guild is paused.
--
-- Input: id, workerId, attempts, counted (whether it used up one of the tries)
-- Reply: the status that it has now, 'held' or 'gone'
-- @include records ends attempts

local held, status = isHeldBy(input)
if not held then return status or 'gone' end
local model, cancel = unpack(read(input.id, 'model', 'cancel'))
if cancel then
  redis.call('HSET', recordKey(input.id), 'failure', cancel)
  return endWork(input, 'cancelled')
end
if not input.counted then redis.call('HINCRBY', recordKey(input.id), 'attempts', -1) end
return requeue(model, input.id, input.now)
