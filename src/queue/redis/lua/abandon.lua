-- What is made and on its way is not wanted any more: what goes out, if nothing has yet, is the word that it was stopped.
--
-- Input: id, reason (a failure, as JSON)
-- Reply: whether it was on its way
-- @include records

local status = unpack(read(input.id, 'status'))
if status ~= 'delivering' then return false end
redis.call('HSET', recordKey(input.id), 'failure', input.reason, 'deletedAt', input.now)
setStatus(input.id, 'cancelled')
return true
