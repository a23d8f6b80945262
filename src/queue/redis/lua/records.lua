-- Records of generations: one hash each, with fields of their own for what different processes write. Every change of status is a
-- compare-and-set inside one of these functions, which Redis runs one at a time.
--
-- queued -> running -> delivering -> delivered; failed or cancelled from any of the first three; running -> queued when a worker
-- gives a job back. `open` holds whatever has not reached the person yet. What came over the API reaches its person by being
-- stored: it passes over `delivering`, and has no delivery.

local function read(id, ...)
  return redis.call('HMGET', recordKey(id), ...)
end

local function setStatus(id, status)
  redis.call('HSET', recordKey(id), 'status', status)
  publishStatus(id, status)
end

local function remember(key, id, now)
  redis.call('ZADD', key, now, id)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', whole(now - day))
  redis.call('PEXPIRE', key, day)
end

-- The person has it, or never will: the record stays for a while, for "again", and goes.
local function close(id, retention)
  redis.call('ZREM', openKey, id)
  redis.call('PEXPIRE', recordKey(id), retention)
end

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

local function contains(list, value)
  for _, one in ipairs(list) do if one == value then return true end end
  return false
end

-- Which list of the owners' a request is not on: 'server', 'person', or an empty string. A person who is listed may ask anywhere, also
-- in direct messages; a list without entries lets everybody in.
local function notAllowed(deployment, scope, user)
  if not deployment then return '' end
  local people, guilds = deployment.allowed.people, deployment.allowed.guilds
  if contains(people, user) then return '' end
  if #guilds > 0 then return contains(guilds, scope) and '' or 'server' end
  return #people > 0 and 'person' or ''
end

local commands = {}

-- What stands of a person's use, in one scope and everywhere, and of everybody's, in milliseconds: waiting, used, when they last asked.
function commands.usage(input)
  local found = {}
  for _, where in ipairs({ input.scope, everywhere }) do
    local entries, used = readUsage(where, input.user, input.now)
    local last = entries[#entries]
    found[#found + 1] = tostring(redis.call('SCARD', personKey(where, input.user, 'waiting')))
    found[#found + 1] = whole(used)
    found[#found + 1] = last and whole(last.at) or '0'
  end
  local _, spent = spentOfDay(input.now)
  found[#found + 1] = whole(spent)
  return found
end

function commands.accept(input)
  local key = recordKey(input.id)
  if redis.call('EXISTS', key) == 1 then return { 'exists', redis.call('HGET', key, 'share.level') or '0' } end
  endPauses(input.now)
  local deployment = deploymentSettings()
  if input.retryOf then
    -- Whoever asks second finds that it has been done.
    if redis.call('HGET', recordKey(input.retryOf), 'status') ~= 'failed' then return { 'retried' } end
    if redis.call('HSETNX', recordKey(input.retryOf), 'retriedAs', input.id) == 0 then return { 'retried' } end
  else
    local ban = redis.call('HGET', prefix .. ':deployment:bans', input.user)
    if not stands(ban, input.now) then
      ban = input.scope ~= 'direct' and redis.call('HGET', prefix .. ':guild:' .. input.scope .. ':bans', input.user)
    end
    if not stands(ban, input.now) then ban = '' end
    local drain = redis.call('GET', prefix .. ':drain') or ''
    local unlisted = notAllowed(deployment, input.scope, input.user)
    if ban ~= '' or drain ~= '' or unlisted ~= '' then return { 'refused', ban, drain, unlisted } end
  end
  if input.limits then
    local met, where = limitMet(input.scope, input.user, input.limits, input.queueLength, input.cost, input.now), 'here'
    if not met and deployment then
      where = 'everywhere'
      met = limitMet(everywhere, input.user, deployment.limits, cjson.null, input.cost, input.now)
        or budgetMet(deployment.budgetGpuSecondsPerDay, input.cost, input.now)
    end
    if met then
      for index = 2, 5 do met[index] = tostring(met[index] == '' and '' or whole(met[index])) end
      return { 'limited', met[1], met[2], met[3], met[4], met[5], where }
    end
  end
  if input.onlyAsked then return { 'fits' } end
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
  return { 'accepted', tostring(level) }
end

-- BullMQ has the job now, under a number of its own and perhaps on a level that has changed since: puts it to its place, or holds it.
-- Workers that wait look again.
function commands.settle(input)
  if redis.call('HGET', recordKey(input.id), 'status') ~= 'queued' then return end
  local share = readShare(input.id)
  if share.held then takeFromBull(input.model, input.id) else placeInBull(input.model, input.id, share) end
  redis.call('PUBLISH', prefix .. ':wake', input.model)
end

function commands.endPauses(input)
  return endPauses(input.now)
end

-- Back into the order, or held where its guild is paused meanwhile.
local function requeue(model, id, now)
  redis.call('HDEL', recordKey(id), 'workerId', 'startedAt', 'progress')
  local share = readShare(id)
  share.held = pauseOf(share.scope, now) and true or nil
  giveBackShare(model, id, share)
  if share.held then takeFromBull(model, id) end
  setStatus(id, 'queued')
  return share.held and 'held' or 'queued'
end

function commands.begin(input)
  local id = input.id
  local status, model, cancel, attempts = unpack(read(id, 'status', 'model', 'cancel', 'attempts'))
  if not status then return { 'gone' } end
  if status ~= 'queued' and status ~= 'running' then return { status } end
  if input.token then
    -- The answer was lost with the connection, and the client asks again.
    local token, spent = unpack(read(id, 'token', 'spent'))
    if status == 'running' and token == input.token then return { spent and 'spent' or 'begun', attempts } end
    if redis.call('GET', bullKey(model, 'g-' .. id) .. ':lock') ~= input.token then return { 'lost' } end
  end
  local share = readShare(id)
  if cancel then
    leaveWaiting(model, id, share)
    redis.call('HSET', recordKey(id), 'failure', cancel)
    return { endWork(input, 'cancelled') }
  end
  if pauseOf(share.scope, input.now) then
    if status == 'running' then requeue(model, id, input.now) else hold(model, id, share) end
    return { 'held' }
  end
  startShare(model, id, share, input.now)
  -- The last try may have died after it had stored the video: that is looked for, and no GPU is used.
  local spent = tonumber(attempts) >= input.maximumAttempts
  if spent then
    redis.call('HSET', recordKey(id), 'spent', 1)
  else
    attempts = redis.call('HINCRBY', recordKey(id), 'attempts', 1)
  end
  redis.call('HSET', recordKey(id), 'workerId', input.workerId, 'startedAt', input.now)
  if input.token then redis.call('HSET', recordKey(id), 'token', input.token) end
  redis.call('HDEL', recordKey(id), 'progress')
  setStatus(id, 'running')
  return { spent and 'spent' or 'begun', tostring(attempts) }
end

-- Whoever took the job last, and nobody else, may say how it went.
local function isHeldBy(input)
  local status, workerId, attempts = unpack(read(input.id, 'status', 'workerId', 'attempts'))
  return status == 'running' and workerId == input.workerId and tonumber(attempts) == input.attempts, status
end

function commands.progress(input)
  if not isHeldBy(input) then return 0 end
  redis.call('HSET', recordKey(input.id), 'progress', input.progress)
  redis.call('PUBLISH', eventsChannel, '{"kind":"progress","id":"' .. input.id .. '","progress":' .. input.progress .. '}')
  return 1
end

-- Redis was away for longer than the lock lives. Whoever holds the record takes the job's lock again, also when a check for stalled
-- jobs has put the job back already, as long as nobody else has taken it.
function commands.relock(input)
  local model = redis.call('HGET', recordKey(input.id), 'model')
  if not model or not isHeldBy(input) then return 0 end
  local job = bullKey(model, 'g-' .. input.id)
  local lock = redis.call('GET', job .. ':lock')
  if lock then return lock == input.token and 1 or 0 end
  if not redis.call('LPOS', bullKey(model, 'active'), 'g-' .. input.id) then
    if redis.call('LREM', bullKey(model, 'wait'), 1, 'g-' .. input.id) == 0 then return 0 end
    redis.call('LPUSH', bullKey(model, 'active'), 'g-' .. input.id)
  end
  redis.call('SET', job .. ':lock', input.token, 'PX', input.lockDuration)
  redis.call('SREM', bullKey(model, 'stalled'), 'g-' .. input.id)
  return 1
end

-- A request that was told "it will be cancelled" ends cancelled, even when the work was done first.
function commands.finish(input)
  local held, status = isHeldBy(input)
  if not held then return status or 'gone' end
  local cancel = redis.call('HGET', recordKey(input.id), 'cancel')
  if cancel then
    redis.call('HSET', recordKey(input.id), 'failure', cancel)
    return endWork(input, 'cancelled')
  end
  redis.call('HSET', recordKey(input.id), input.field, input.value)
  return endWork(input, input.field == 'result' and 'delivering' or 'failed')
end

function commands.giveBack(input)
  local held, status = isHeldBy(input)
  if not held then return status or 'gone' end
  local model, cancel = unpack(read(input.id, 'model', 'cancel'))
  if cancel then
    redis.call('HSET', recordKey(input.id), 'failure', cancel)
    return endWork(input, 'cancelled')
  end
  if not input.counted then redis.call('HINCRBY', recordKey(input.id), 'attempts', -1) end
  return requeue(model, input.id, input.now)
end

function commands.cancel(input)
  local id = input.id
  local status, model = unpack(read(id, 'status', 'model'))
  if not status then return 'unknown' end
  if status == 'queued' then
    cancelShare(model, id, readShare(id))
    redis.call('HSET', recordKey(id), 'failure', input.reason)
    return endWork(input, 'cancelled')
  end
  if status == 'running' then
    redis.call('HSET', recordKey(id), 'cancel', input.reason)
    redis.call('PUBLISH', prefix .. ':cancel', id)
    return 'signalled'
  end
  return 'finished'
end

function commands.delivered(input)
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
end

function commands.undeliverable(input)
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
end

-- What was made and refused goes out once more, to whichever way is open now. Its record has to outlast the tries.
function commands.redeliver(input)
  local key = recordKey(input.id)
  local status, result, deletedAt = unpack(read(input.id, 'status', 'result', 'deletedAt'))
  if status ~= 'failed' or not result or deletedAt then return 0 end
  redis.call('HDEL', key, 'failure', 'abandonedAt', 'deliveredAt')
  redis.call('HSET', key, 'reply.finalChannelId', 'null', 'reply.finalMessageId', 'null')
  redis.call('PERSIST', key)
  redis.call('ZADD', openKey, input.now, input.id)
  setStatus(input.id, 'delivering')
  return 1
end

-- Whoever changes the mark does what belongs to it; whoever comes second finds it changed.
function commands.markResult(input)
  local status, hiddenAt, deletedAt = unpack(read(input.id, 'status', 'hiddenAt', 'deletedAt'))
  if not status or deletedAt then return 0 end
  if input.mark == 'shown' then
    -- Somebody has looked: it is not reported again.
    if redis.call('HDEL', recordKey(input.id), 'hiddenAt') == 0 then return 0 end
    redis.call('HSET', recordKey(input.id), 'lookedAt', input.now)
    return 1
  end
  if input.mark == 'hidden' then
    if hiddenAt then return 0 end
    redis.call('HDEL', recordKey(input.id), 'lookedAt')
  end
  redis.call('HSET', recordKey(input.id), input.mark .. 'At', input.now)
  return 1
end

-- A running record whose job is gone or whose worker is dead, seen by somebody who is not the worker.
function commands.recover(input)
  local status, workerId, attempts, model, cancel = unpack(read(input.id, 'status', 'workerId', 'attempts', 'model', 'cancel'))
  if status ~= 'running' or workerId ~= input.workerId or tonumber(attempts) ~= input.attempts then return status or 'gone' end
  if redis.call('EXISTS', bullKey(model, 'g-' .. input.id) .. ':lock') == 1 then return status end
  if cancel then
    redis.call('HSET', recordKey(input.id), 'failure', cancel)
    return endWork(input, 'cancelled')
  end
  return requeue(model, input.id, input.now)
end

local function workersOf(model, now)
  return redis.call('ZCOUNT', prefix .. ':workers:' .. model, '(' .. string.format('%.0f', now), '+inf')
end

-- What keeps work of this scope from starting, and until when (0: until somebody resumes).
local function heldBy(scope, now)
  local pause, what = pauseOf(scope, now), 'guild'
  if not pause then pause, what = pauseOf('deployment', now), 'deployment' end
  if not pause then return '', '0' end
  return what, pause['until'] == cjson.null and '0' or whole(pause['until'])
end

function commands.position(input)
  endPauses(input.now)
  local status, model, startedAt, cost, progress, work =
    unpack(read(input.id, 'status', 'model', 'startedAt', 'share.cost', 'progress', 'work'))
  if not status then return { 'gone' } end
  local ahead, workBefore, runningWork, running = 0, 0, 0, 0
  local waiting = redis.call('SCARD', shareKey(model, 'waiting'))
  local held, heldUntil = '', '0'
  if status == 'queued' then
    local share = readShare(input.id)
    held, heldUntil = heldBy(share.scope, input.now)
    ahead = jobsAhead(model, input.id, share)
    workBefore = workAhead(model, share.level, ahead)
    runningWork, running = workRunning(model, input.now)
    if share.held then
      local jobs, theirs = heldAhead(model, share.scope, scoreOf(share))
      ahead, workBefore = ahead + jobs, workBefore + theirs
      waiting = waiting + redis.call('ZCARD', heldOf(model, share.scope))
    end
  end
  return { status, tostring(ahead), tostring(waiting), tostring(workBefore), tostring(runningWork), tostring(running),
    tostring(workersOf(model, input.now)), startedAt or '0', cost, progress or 'null', held, heldUntil,
    tostring(redis.call('HEXISTS', prefix .. ':pace', work or '')) }
end

-- For each of these, where it stands in the order of its model, as a number to sort by; what is gone comes last.
function commands.order(input)
  local scores = {}
  for index, id in ipairs(input.ids) do
    local share = redis.call('EXISTS', recordKey(id)) == 1 and readShare(id)
    scores[index] = share and share.level and whole(scoreOf(share)) or whole(2 ^ 53)
  end
  return scores
end

function commands.forecast(input)
  endPauses(input.now)
  local model = input.model
  local virtual, base = readClock(model)
  local start = math.max(virtual, tonumber(redis.call('HGET', shareKey(model, 'users'), input.user)) or 0)
  local level = math.min(levelOf(start, base), lastLevel)
  local after = (level + 1) * perLevel
  local ahead = redis.call('LLEN', bullKey(model, 'wait')) +
    redis.call('ZCOUNT', bullKey(model, 'prioritized'), '-inf', '(' .. whole(after))
  local work = workAhead(model, level, ahead)
  local waiting = redis.call('SCARD', shareKey(model, 'waiting')) + 1
  local held, heldUntil = heldBy(input.scope, input.now)
  if held == 'guild' then
    local jobs, theirs = heldAhead(model, input.scope, after)
    ahead, work = ahead + jobs, work + theirs
    waiting = waiting + redis.call('ZCARD', heldOf(model, input.scope))
  end
  local runningWork, running = workRunning(model, input.now)
  return { 'queued', tostring(ahead), tostring(waiting), tostring(work), tostring(runningWork), tostring(running),
    tostring(workersOf(model, input.now)), '0', tostring(input.cost), 'null', held, heldUntil, '1' }
end

-- Moving average of measured seconds per pass: a new machine or driver shows after a few clips, one slow clip hardly does.
function commands.learn(input)
  local known = tonumber(redis.call('HGET', prefix .. ':pace', input.work))
  local value = known and known + input.weight * (input.seconds - known) or input.seconds
  redis.call('HSET', prefix .. ':pace', input.work, string.format('%.6g', value))
end
