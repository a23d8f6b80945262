-- A person reports a result: once, so many in an hour, not while banned and not once a moderator has looked. The first report hides the
-- result, in this same step.
--
-- One whose record is no longer kept has nothing to be hidden here, nor a place in the list: it is counted, and the message is the caller's.
--
-- Input: id, user, scope, perHour, retention, log (entry of the audit log), withoutRecord
-- Reply: hidden, counted, gone, banned, looked_at, repeated or too_many
-- @include records limits audit

local id, user, now = input.id, input.user, input.now
local status, hiddenAt, deletedAt, lookedAt, guildId =
  unpack(read(id, 'status', 'hiddenAt', 'deletedAt', 'lookedAt', 'guildId'))
if (not status) ~= (input.withoutRecord == true) then return 'gone' end
if status and (deletedAt or scopeOf(guildId) ~= input.scope) then return 'gone' end
if stands(redis.call('HGET', prefix .. ':guild:' .. input.scope .. ':bans', user), now)
  or stands(redis.call('HGET', prefix .. ':deployment:bans', user), now) then return 'banned' end
if lookedAt then return 'looked_at' end
local reporters = prefix .. ':reports:' .. id
if redis.call('HEXISTS', reporters, user) == 1 then return 'repeated' end
local recent = personKey('reports', user, 'hour')
redis.call('ZREMRANGEBYSCORE', recent, '-inf', whole(now - 3600000))
if redis.call('ZCARD', recent) >= input.perHour then return 'too_many' end
redis.call('ZADD', recent, now, id)
redis.call('PEXPIRE', recent, 3600000)
redis.call('HSET', reporters, user, whole(now))
redis.call('PEXPIRE', reporters, input.retention)
if input.withoutRecord then
  writeAudit(input.log)
  return 'hidden'
end
local list = prefix .. ':guild:' .. input.scope .. ':reports'
redis.call('ZREMRANGEBYSCORE', list, '-inf', whole(now - input.retention))
redis.call('ZADD', list, now, id)
redis.call('PEXPIRE', list, input.retention)
if hiddenAt then return 'counted' end
redis.call('HSET', recordKey(id), 'hiddenAt', now)
writeAudit(input.log)
return 'hidden'
