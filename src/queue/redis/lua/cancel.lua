-- Cancels what waits, and tells the worker of what runs.
--
-- Input: id, reason (a failure, as JSON)
-- Reply: cancelled, signalled, finished or unknown
-- @include records fair-queueing ends

local id = input.id
local status, model = unpack(read(id, 'status', 'model'))
if not status then return 'unknown' end
if status == 'queued' then
  cancelShare(model, id, readShare(id))
  redis.call('HSET', recordKey(id), 'failure', input.reason)
  return endWork(input, 'cancelled')
end
if status == 'running' then
  redis.call('HSET', recordKey(id), 'cancel', input.reason)
  redis.call('PUBLISH', prefix .. ':cancel', id)
  return 'signalled'
end
return 'finished'
