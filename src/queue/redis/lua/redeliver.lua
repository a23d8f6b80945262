-- What was made and refused goes out once more, to whichever way is open now. Its record has to outlast the tries.
--
-- Input: id
-- Reply: whether it is such a one
-- @include records

local key = recordKey(input.id)
local status, result, deletedAt = unpack(read(input.id, 'status', 'result', 'deletedAt'))
if status ~= 'failed' or not result or deletedAt then return false end
redis.call('HDEL', key, 'failure', 'abandonedAt', 'deliveredAt')
redis.call('HSET', key, 'reply.finalChannelId', 'null', 'reply.finalMessageId', 'null')
redis.call('PERSIST', key)
redis.call('ZADD', openKey, input.now, input.id)
setStatus(input.id, 'delivering')
return true
