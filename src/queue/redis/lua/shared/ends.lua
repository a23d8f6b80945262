-- How work on a generation ends.
--
-- @include records fair-queueing limits

-- Returns the status that it has then. `input.measured`: milliseconds of GPU time of what is done. Everything else costs nothing,
-- also what was stopped when its work was done already: the person has no video.
local function endWork(input, status)
  local id, now = input.id, input.now
  local user, model, guildId, kind = unpack(read(id, 'share.user', 'model', 'guildId', 'reply.kind'))
  local scope = scopeOf(guildId)
  redis.call('SREM', prefix .. ':waiting-of:' .. user, id)
  stopWaiting(scope, user, id)
  if status == 'delivering' then settleUse(scope, user, id, input.measured) else refund(scope, user, id) end
  endShare(model, id)
  -- Counted here, where every end passes: also the last try of a worker that died, and what nobody is told of.
  local outcome = status == 'delivering' and 'done' or cjson.decode(redis.call('HGET', recordKey(id), 'failure')).code
  redis.call('HINCRBY', prefix .. ':endings', outcome, 1)
  remember(prefix .. ':finished', id, now)
  if scope ~= 'direct' then remember(prefix .. ':guild:' .. scope .. ':finished', id, now) end
  redis.call('HSET', recordKey(id), 'finishedAt', now)
  redis.call('HDEL', recordKey(id), 'progress')
  if kind == '"api"' then
    redis.call('HSET', recordKey(id), 'deliveredAt', now)
    close(id, input.retention)
    if status == 'delivering' then status = 'delivered' end
  end
  setStatus(id, status)
  return status
end
