-- Limits of one person in one scope: a guild, direct messages, or everything (`all`), which the owners limit. What counts is kept per
-- scope, so that nobody's limits in a guild depend on what they do elsewhere.
--
-- `used` has a field per request of the last 24 hours, `time:cost` in milliseconds: the estimate, then what was measured. A refund
-- takes the field out, which sets the cooldown back, too.
--
-- @include names

local function personKey(scope, user, part)
  return prefix .. ':person:' .. scope .. ':' .. user .. ':' .. part
end

-- The entries of a hash, oldest first, each with its moment and its cost, which `read` finds in a field and its value, and what they cost
-- together. What is of `oldest` or before is forgotten.
local function entriesAfter(key, oldest, read)
  local fields = redis.call('HGETALL', key)
  local entries, sum = {}, 0
  for index = 1, #fields, 2 do
    local at, cost = read(fields[index], fields[index + 1])
    at, cost = tonumber(at), tonumber(cost)
    if at <= oldest then
      redis.call('HDEL', key, fields[index])
    else
      entries[#entries + 1] = { at = at, cost = cost }
      sum = sum + cost
    end
  end
  table.sort(entries, function(left, right) return left.at < right.at end)
  return entries, sum
end

-- Oldest first; forgets what is older than a day.
local function readUsage(scope, user, now)
  return entriesAfter(personKey(scope, user, 'used'), now - day, function(_, value)
    return string.match(value, '(%d+):(%d+)')
  end)
end

local function guildLength(scope)
  local length = 0
  for _, model in ipairs(models) do length = length + redis.call('SCARD', shareKey(model, 'guild:' .. scope)) end
  return length
end

-- A limit that a request meets, as the reply of `accept` has it. `clearsAt`: milliseconds since 1970; nil when it does not clear by itself.
local function met(limit, value, clearsAt, used, needed)
  return { limit = limit, value = value, clearsAt = clearsAt or cjson.null, used = used, needed = needed }
end

-- The limit that is met, or nil when the request may come in.
local function limitMet(scope, user, limits, queueLength, cost, now)
  local entries, used = readUsage(scope, user, now)
  local most = limits.gpuSecondsPerDay ~= cjson.null and limits.gpuSecondsPerDay * 1000
  if most and cost > most then return met('gpu_seconds', limits.gpuSecondsPerDay, nil, used, cost) end
  if limits.waiting ~= cjson.null and redis.call('SCARD', personKey(scope, user, 'waiting')) >= limits.waiting then
    return met('waiting', limits.waiting, nil, used, cost)
  end
  if queueLength ~= cjson.null and guildLength(scope) >= queueLength then
    return met('queue_length', queueLength, nil, used, cost)
  end
  if most and used + cost > most then
    local left = used
    for _, entry in ipairs(entries) do
      left = left - entry.cost
      if left + cost <= most then return met('gpu_seconds', limits.gpuSecondsPerDay, entry.at + day, used, cost) end
    end
  end
  local last = entries[#entries]
  if limits.cooldownSeconds ~= cjson.null and last and last.at + limits.cooldownSeconds * 1000 > now then
    return met('cooldown', limits.cooldownSeconds, last.at + limits.cooldownSeconds * 1000, used, cost)
  end
  return nil
end

-- The owners' settings for the whole deployment, or nil where they have set nothing.
local function deploymentSettings()
  local text = redis.call('HGET', prefix .. ':deployment:settings', 'text')
  return text and cjson.decode(text)
end

-- What all people together used, in milliseconds by the hour in which it was asked for: a day is the last 24 of them.
local hour = 3600 * 1000
local spentKey = prefix .. ':deployment:used'

local function spend(at, cost)
  redis.call('HINCRBY', spentKey, whole(math.floor(at / hour)), whole(cost))
end

-- Oldest hour first; forgets what is older than a day.
local function spentOfDay(now)
  return entriesAfter(spentKey, math.floor(now / hour) - 24, function(at, cost) return at, cost end)
end

-- As `limitMet`, for the budget of all people together.
local function budgetMet(budget, cost, now)
  if budget == cjson.null then return nil end
  local most = budget * 1000
  if cost > most then return met('budget', budget, nil, 0, cost) end
  local hours, spent = spentOfDay(now)
  if spent + cost <= most then return nil end
  local left = spent
  for _, entry in ipairs(hours) do
    left = left - entry.cost
    if left + cost <= most then return met('budget', budget, (entry.at + 24) * hour, spent, cost) end
  end
  return met('budget', budget, nil, spent, cost)
end

-- What a person uses counts where it is asked for, and everywhere: both limits are met, or kept, in one step.
local everywhere = 'all'

local function use(scope, user, id, cost, now)
  for _, where in ipairs({ scope, everywhere }) do
    redis.call('SADD', personKey(where, user, 'waiting'), id)
    local key = personKey(where, user, 'used')
    redis.call('HSET', key, id, whole(now) .. ':' .. whole(cost))
    redis.call('PEXPIRE', key, day)
  end
  spend(now, cost)
end

local function stopWaiting(scope, user, id)
  for _, where in ipairs({ scope, everywhere }) do redis.call('SREM', personKey(where, user, 'waiting'), id) end
end

-- Charges another amount; nil takes the request out, as if it had never been.
local function recharge(scope, user, id, cost)
  for _, where in ipairs({ scope, everywhere }) do
    local key = personKey(where, user, 'used')
    local entry = redis.call('HGET', key, id)
    if entry then
      local at, before = string.match(entry, '(%d+):(%d+)')
      if cost then redis.call('HSET', key, id, at .. ':' .. whole(cost)) else redis.call('HDEL', key, id) end
      if where == everywhere then spend(tonumber(at), (cost or 0) - tonumber(before)) end
    end
  end
end

local function refund(scope, user, id)
  recharge(scope, user, id, nil)
end

local function settleUse(scope, user, id, measured)
  recharge(scope, user, id, measured)
end
