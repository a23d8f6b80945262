-- What was made did not reach its person, and nobody tries any more.
--
-- Input: id, failure (JSON), channelId and messageId (of the message that says so; absent where none could be sent)
-- Reply: the status that it has now, or 'gone'
-- @include records limits

local status, deliveredAt = unpack(read(input.id, 'status', 'deliveredAt'))
if not status or deliveredAt then return status or 'gone' end
if status == 'delivering' then
  redis.call('HSET', recordKey(input.id), 'failure', input.failure)
  local user, guildId = unpack(read(input.id, 'share.user', 'guildId'))
  refund(scopeOf(guildId), user, input.id)
  status = 'failed'
end
if input.channelId then
  redis.call('HSET', recordKey(input.id), 'deliveredAt', input.now, 'reply.finalChannelId', '"' .. input.channelId .. '"',
    'reply.finalMessageId', '"' .. input.messageId .. '"')
else
  redis.call('HSET', recordKey(input.id), 'abandonedAt', input.now)
end
close(input.id, input.retention)
setStatus(input.id, status)
return status
