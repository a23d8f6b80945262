-- What the worker that holds a generation tells of it.
--
-- Input: id, workerId, attempts, progress (JSON)
-- Reply: whether it is the one that holds it
-- @include records attempts

if not isHeldBy(input) then return false end
redis.call('HSET', recordKey(input.id), 'progress', input.progress)
redis.call('PUBLISH', eventsChannel, '{"kind":"progress","id":"' .. input.id .. '","progress":' .. input.progress .. '}')
return true
