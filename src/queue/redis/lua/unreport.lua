-- What could not be hidden has not been reported: the next try counts.
--
-- Input: id, user, scope
-- Reply: null
-- @include records limits

redis.call('HDEL', recordKey(input.id), 'hiddenAt')
redis.call('HDEL', prefix .. ':reports:' .. input.id, input.user)
redis.call('ZREM', personKey('reports', input.user, 'hour'), input.id)
if redis.call('EXISTS', prefix .. ':reports:' .. input.id) == 0 then
  redis.call('ZREM', prefix .. ':guild:' .. input.scope .. ':reports', input.id)
end
