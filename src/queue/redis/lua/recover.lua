-- A running record whose job is gone or whose worker is dead, seen by somebody who is not the worker.
--
-- Input: id, workerId, attempts
-- Reply: the status that it has now, 'held' or 'gone'
-- @include records ends attempts

local status, workerId, attempts, model, cancel = unpack(read(input.id, 'status', 'workerId', 'attempts', 'model', 'cancel'))
if status ~= 'running' or workerId ~= input.workerId or tonumber(attempts) ~= input.attempts then return status or 'gone' end
if redis.call('EXISTS', bullKey(model, 'g-' .. input.id) .. ':lock') == 1 then return status end
if cancel then
  redis.call('HSET', recordKey(input.id), 'failure', cancel)
  return endWork(input, 'cancelled')
end
return requeue(model, input.id, input.now)
