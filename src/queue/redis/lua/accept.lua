-- Accepts a request, or says why not. Asked again with the same id it changes nothing.
--
-- Input: id, begun (when the person asked), user, scope, model, cost (milliseconds), work (name of its pace), fields (of the record), indexes (keys that list it),
--        limits and queueLength (absent: it counts towards no limit), retryOf (a failed generation), onlyAsked (writes nothing)
-- Reply: outcome, with
--        accepted, exists: level, BullMQ's priority
--        refused: ban and drain, as JSON or null; isEverywhere (the ban is the owners'); unlisted: 'server', 'person' or null
--        limited: met { limit, value, clearsAt, used, needed }, isEverywhere (a limit of the owners')
--        retried: it was run again before, or has not failed
--        erased: it was begun before the person had all that is stored of them erased
--        fits: it would be accepted
-- @include records fair-queueing pauses limits admission

local key = recordKey(input.id)
if redis.call('EXISTS', key) == 1 then return { outcome = 'exists', level = tonumber(redis.call('HGET', key, 'share.level')) or 0 } end
endPauses(input.now)
local deployment = deploymentSettings()
local erasedUntil = tonumber(redis.call('GET', prefix .. ':erased:' .. input.user))
if erasedUntil and input.begun <= erasedUntil then return { outcome = 'erased' } end
if input.retryOf then
  -- Whoever asks second finds that it has been done.
  if redis.call('HGET', recordKey(input.retryOf), 'status') ~= 'failed' then return { outcome = 'retried' } end
  if redis.call('HSETNX', recordKey(input.retryOf), 'retriedAs', input.id) == 0 then return { outcome = 'retried' } end
else
  local ban = redis.call('HGET', prefix .. ':deployment:bans', input.user)
  local isEverywhere = stands(ban, input.now)
  if not isEverywhere then
    ban = input.scope ~= 'direct' and redis.call('HGET', prefix .. ':guild:' .. input.scope .. ':bans', input.user)
  end
  if not stands(ban, input.now) then ban = nil end
  local drain = redis.call('GET', prefix .. ':drain')
  local unlisted = notAllowed(deployment, input.scope, input.user)
  if ban or drain or unlisted then
    return {
      outcome = 'refused', ban = ban or cjson.null, isEverywhere = isEverywhere and true or false, drain = drain or cjson.null,
      unlisted = unlisted or cjson.null,
    }
  end
end
if input.limits then
  local met = limitMet(input.scope, input.user, input.limits, input.queueLength, input.cost, input.now)
  local isEverywhere = not met
  if not met and deployment then
    met = limitMet(everywhere, input.user, deployment.limits, cjson.null, input.cost, input.now)
      or budgetMet(deployment.budgetGpuSecondsPerDay, input.cost, input.now)
  end
  if met then return { outcome = 'limited', met = met, isEverywhere = isEverywhere } end
end
if input.onlyAsked then return { outcome = 'fits' } end
for field, value in pairs(input.fields) do redis.call('HSET', key, field, value) end
redis.call('HSET', key, 'status', 'queued', 'createdAt', input.now, 'attempts', 0, 'work', input.work)
local oldest = input.now - input.retention
for _, index in ipairs(input.indexes) do
  redis.call('ZADD', index, input.now, input.id)
  redis.call('ZREMRANGEBYSCORE', index, '-inf', oldest)
  redis.call('PEXPIRE', index, input.retention)
end
redis.call('SADD', prefix .. ':waiting-of:' .. input.user, input.id)
if input.limits then use(input.scope, input.user, input.id, input.cost, input.now) end
redis.call('ZADD', openKey, input.now, input.id)
local held = input.scope ~= 'direct' and pauseOf(input.scope, input.now) and true or nil
local weight = input.limits and input.limits.weight or 1
local level = reserve(input.model, input.user, input.id, input.cost, weight, input.scope, held)
publishStatus(input.id, 'queued')
return { outcome = 'accepted', level = level }
