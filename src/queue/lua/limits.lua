-- Limits of one person in one scope: a guild, or direct messages. What counts is kept per scope, so that nobody's limits in a guild
-- depend on what they do elsewhere.
--
-- `used` has a field per request of the last 24 hours, `time:cost` in milliseconds: the estimate, then what was measured. A refund
-- takes the field out, which sets the cooldown back, too.

local function personKey(scope, user, part)
  return prefix .. ':person:' .. scope .. ':' .. user .. ':' .. part
end

-- Oldest first; forgets what is older than a day.
local function readUsage(scope, user, now)
  local key = personKey(scope, user, 'used')
  local fields = redis.call('HGETALL', key)
  local entries, sum = {}, 0
  for index = 1, #fields, 2 do
    local at, cost = string.match(fields[index + 1], '(%d+):(%d+)')
    at, cost = tonumber(at), tonumber(cost)
    if at <= now - day then
      redis.call('HDEL', key, fields[index])
    else
      entries[#entries + 1] = { at = at, cost = cost }
      sum = sum + cost
    end
  end
  table.sort(entries, function(left, right) return left.at < right.at end)
  return entries, sum
end

local function guildLength(scope)
  local length = 0
  for _, model in ipairs(models) do length = length + redis.call('SCARD', shareKey(model, 'guild:' .. scope)) end
  return length
end

-- Name, value, when it clears (or an empty string), milliseconds used and needed; or nil when the request may come in.
local function limitMet(scope, user, limits, queueLength, cost, now)
  local entries, used = readUsage(scope, user, now)
  local most = limits.gpuSecondsPerDay ~= cjson.null and limits.gpuSecondsPerDay * 1000
  if most and cost > most then return { 'gpu_seconds', limits.gpuSecondsPerDay, '', used, cost } end
  if limits.waiting ~= cjson.null and redis.call('SCARD', personKey(scope, user, 'waiting')) >= limits.waiting then
    return { 'waiting', limits.waiting, '', used, cost }
  end
  if queueLength ~= cjson.null and guildLength(scope) >= queueLength then
    return { 'queue_length', queueLength, '', used, cost }
  end
  if most and used + cost > most then
    local left = used
    for _, entry in ipairs(entries) do
      left = left - entry.cost
      if left + cost <= most then return { 'gpu_seconds', limits.gpuSecondsPerDay, entry.at + day, used, cost } end
    end
  end
  local last = entries[#entries]
  if limits.cooldownSeconds ~= cjson.null and last and last.at + limits.cooldownSeconds * 1000 > now then
    return { 'cooldown', limits.cooldownSeconds, last.at + limits.cooldownSeconds * 1000, used, cost }
  end
  return nil
end

local function use(scope, user, id, cost, now)
  redis.call('SADD', personKey(scope, user, 'waiting'), id)
  local key = personKey(scope, user, 'used')
  redis.call('HSET', key, id, whole(now) .. ':' .. whole(cost))
  redis.call('PEXPIRE', key, day)
end

local function stopWaiting(scope, user, id)
  redis.call('SREM', personKey(scope, user, 'waiting'), id)
end

local function refund(scope, user, id)
  redis.call('HDEL', personKey(scope, user, 'used'), id)
end

local function settleUse(scope, user, id, measured)
  local key = personKey(scope, user, 'used')
  local entry = redis.call('HGET', key, id)
  if entry then redis.call('HSET', key, id, string.match(entry, '%d+') .. ':' .. whole(measured)) end
end
