-- The person has it.
--
-- Input: id, channelId and messageId (absent where there is no message)
-- Reply: the status that it has now, or 'gone'
-- @include records

local status, deliveredAt = unpack(read(input.id, 'status', 'deliveredAt'))
if not status then return 'gone' end
if deliveredAt or (status ~= 'delivering' and status ~= 'failed' and status ~= 'cancelled') then return status end
redis.call('HSET', recordKey(input.id), 'deliveredAt', input.now)
if input.channelId then
  redis.call('HSET', recordKey(input.id), 'reply.finalChannelId', '"' .. input.channelId .. '"',
    'reply.finalMessageId', '"' .. input.messageId .. '"')
end
close(input.id, input.retention)
if status == 'delivering' then status = 'delivered' end
setStatus(input.id, status)
return status
