-- What moderators and owners change. Each change and its entry in the audit log are one step.

local auditLength = 10000

-- `entry.key` is the log's, `entry.text` the entry as JSON, `entry.id` its ULID: members sort by it.
local function writeAudit(entry)
  redis.call('ZADD', entry.key, 0, entry.id .. entry.text)
  redis.call('ZREMRANGEBYRANK', entry.key, 0, -auditLength - 1)
  redis.call('PUBLISH', prefix .. ':audit', entry.text)
end

function commands.log(input)
  writeAudit(input.entry)
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
