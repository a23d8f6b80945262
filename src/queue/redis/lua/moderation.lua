-- What moderators and owners change. Each change and its entry in the audit log are one step.

local auditLength = 10000

-- `entry.key` is the log's, `entry.text` the entry as JSON, `entry.id` its ULID: members sort by it.
-- What only this step knows goes into the details.
local function writeAudit(entry, name, value)
  if name then
    local parsed = cjson.decode(entry.text)
    parsed.details[name] = value
    entry.text = cjson.encode(parsed)
  end
  redis.call('ZADD', entry.key, 0, entry.id .. entry.text)
  redis.call('ZREMRANGEBYRANK', entry.key, 0, -auditLength - 1)
  redis.call('PUBLISH', prefix .. ':audit', entry.text)
end

function commands.log(input)
  writeAudit(input.entry)
end

-- One report a person and result, so many a person in an hour, none of who is banned and none once a moderator has looked. The first
-- hides the result, in this same step. `input.log`: the log's entry.
function commands.report(input)
  local id, user, now = input.id, input.user, input.now
  local status, hiddenAt, deletedAt, lookedAt, guildId =
    unpack(read(id, 'status', 'hiddenAt', 'deletedAt', 'lookedAt', 'guildId'))
  if not status or deletedAt or scopeOf(guildId) ~= input.scope then return 'gone' end
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
  local list = prefix .. ':guild:' .. input.scope .. ':reports'
  redis.call('ZREMRANGEBYSCORE', list, '-inf', whole(now - input.retention))
  redis.call('ZADD', list, now, id)
  redis.call('PEXPIRE', list, input.retention)
  if hiddenAt then return 'counted' end
  redis.call('HSET', recordKey(id), 'hiddenAt', now)
  writeAudit(input.log)
  return 'hidden'
end

-- What could not be hidden has not been reported: the next try counts.
function commands.unreport(input)
  redis.call('HDEL', recordKey(input.id), 'hiddenAt')
  redis.call('HDEL', prefix .. ':reports:' .. input.id, input.user)
  redis.call('ZREM', personKey('reports', input.user, 'hour'), input.id)
  if redis.call('EXISTS', prefix .. ':reports:' .. input.id) == 0 then
    redis.call('ZREM', prefix .. ':guild:' .. input.scope .. ':reports', input.id)
  end
end

-- Only over the revision that was read: whoever comes second reads again.
function commands.changeSettings(input)
  local revision = redis.call('HGET', input.key, 'revision') or '0'
  if revision ~= input.revision then return 0 end
  redis.call('HSET', input.key, 'text', input.text, 'revision', tonumber(revision) + 1)
  writeAudit(input.entry)
  return 1
end

function commands.ban(input)
  redis.call('HSET', input.key, input.user, input.text)
  writeAudit(input.entry)
end

-- 1 if there was a ban that still stood.
function commands.unban(input)
  local text = redis.call('HGET', input.key, input.user)
  if not text then return 0 end
  redis.call('HDEL', input.key, input.user)
  if not stands(text, input.now) then return 0 end
  writeAudit(input.entry)
  return 1
end

-- Drain and maintenance: one string each.
function commands.announce(input)
  redis.call('SET', input.key, input.text)
  writeAudit(input.entry)
end

function commands.withdraw(input)
  if redis.call('DEL', input.key) == 0 then return 0 end
  writeAudit(input.entry)
  return 1
end

-- How many wait for its end.
function commands.pause(input)
  endPauses(input.now)
  local count = beginPause(input.scope, input.text)
  writeAudit(input.entry, 'waiting', count)
  return count
end

-- How many go on; -1 when nothing was paused.
function commands.resume(input)
  endPauses(input.now)
  if not pauseOf(input.scope, input.now) then return -1 end
  local count = endPause(input.scope)
  writeAudit(input.entry, 'waiting', count)
  return count
end

-- The generation takes the first of its guild's places in this queue; those before it move back by one of the guild's own places. The
-- places themselves stay, so nobody else's changes.
function commands.bump(input)
  local status, model, guildId = unpack(read(input.id, 'status', 'model', 'guildId'))
  if not status or scopeOf(guildId) ~= input.scope then return 'unknown' end
  if status ~= 'queued' then return 'not_waiting' end
  local line = {}
  for _, id in ipairs(redis.call('SMEMBERS', shareKey(model, 'guild:' .. input.scope))) do
    line[#line + 1] = { id = id, share = readShare(id) }
  end
  table.sort(line, function(left, right) return scoreOf(left.share) < scoreOf(right.share) end)
  local moved = {}
  for _, entry in ipairs(line) do
    moved[#moved + 1] = entry
    if entry.id == input.id then break end
  end
  local places = {}
  for index, entry in ipairs(moved) do
    leaveWaiting(model, entry.id, entry.share)
    places[index] = { entry.share.level, entry.share.sequence, entry.share.place }
  end
  for index, entry in ipairs(moved) do
    local share = entry.share
    share.level, share.sequence, share.place = unpack(places[index == #moved and 1 or index + 1])
    enterWaiting(model, entry.id, share)
    placeInBull(model, entry.id, share)
    publishStatus(entry.id, 'queued')
  end
  writeAudit(input.entry)
  return 'bumped'
end
