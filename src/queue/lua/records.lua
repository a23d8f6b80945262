-- Records of generations: one hash each, with fields of their own for what different processes write. Every change of status is a
-- compare-and-set inside one of these functions, which Redis runs one at a time.
--
-- queued -> running -> delivering -> delivered; failed or cancelled from any of the first three; running -> queued when a worker
-- gives a job back. `open` holds whatever has not reached the person yet. What came over the API reaches its person by being
-- stored: it passes over `delivering`, and has no delivery.

local openKey = prefix .. ':open'
local eventsChannel = prefix .. ':events'

local function read(id, ...)
  return redis.call('HMGET', recordKey(id), ...)
end

local function publishStatus(id, status)
  redis.call('PUBLISH', eventsChannel, cjson.encode({ kind = 'status', id = id, status = status }))
end

local function setStatus(id, status)
  redis.call('HSET', recordKey(id), 'status', status)
  publishStatus(id, status)
end

-- The person has it, or never will: the record stays for a while, for "again", and goes.
local function close(id, retention)
  redis.call('ZREM', openKey, id)
  redis.call('PEXPIRE', recordKey(id), retention)
end

-- Returns the status that it has then.
local function endWork(input, status)
  local id, now = input.id, input.now
  local user, model, kind = unpack(read(id, 'share.user', 'model', 'reply.kind'))
  redis.call('SREM', prefix .. ':waiting-of:' .. user, id)
  endShare(model, id)
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

local commands = {}

function commands.accept(input)
  local key = recordKey(input.id)
  if redis.call('EXISTS', key) == 1 then return { 'exists', redis.call('HGET', key, 'share.level') or '0' } end
  for field, value in pairs(input.fields) do redis.call('HSET', key, field, value) end
  redis.call('HSET', key, 'status', 'queued', 'createdAt', input.now, 'attempts', 0)
  local oldest = input.now - input.retention
  for _, index in ipairs(input.indexes) do
    redis.call('ZADD', index, input.now, input.id)
    redis.call('ZREMRANGEBYSCORE', index, '-inf', oldest)
    redis.call('PEXPIRE', index, input.retention)
  end
  redis.call('SADD', prefix .. ':waiting-of:' .. input.user, input.id)
  redis.call('ZADD', openKey, input.now, input.id)
  local level = reserve(input.model, input.user, input.id, input.cost)
  publishStatus(input.id, 'queued')
  return { 'accepted', tostring(level) }
end

-- BullMQ has the job now. Its level may have changed since `accept`. Workers that wait look again.
function commands.settle(input)
  local level = tonumber(redis.call('HGET', recordKey(input.id), 'share.level'))
  if level and level ~= input.level then placeInBull(input.model, input.id, level) end
  redis.call('PUBLISH', prefix .. ':wake', input.model)
end

function commands.begin(input)
  local id = input.id
  local status, model, cancel, attempts = unpack(read(id, 'status', 'model', 'cancel', 'attempts'))
  if not status then return { 'gone' } end
  if status ~= 'queued' and status ~= 'running' then return { status } end
  local share = readShare(id)
  if cancel then
    leaveWaiting(model, id, share)
    redis.call('HSET', recordKey(id), 'failure', cancel)
    return { endWork(input, 'cancelled') }
  end
  if tonumber(attempts) >= input.maximumAttempts then
    leaveWaiting(model, id, share)
    redis.call('HSET', recordKey(id), 'failure', input.exhausted)
    return { endWork(input, 'failed') }
  end
  startShare(model, id, share, input.now)
  attempts = redis.call('HINCRBY', recordKey(id), 'attempts', 1)
  redis.call('HSET', recordKey(id), 'workerId', input.workerId, 'startedAt', input.now)
  redis.call('HDEL', recordKey(id), 'progress')
  setStatus(id, 'running')
  return { 'begun', tostring(attempts) }
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
  if redis.call('EXISTS', job .. ':lock') == 1 then return 0 end
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
  redis.call('HDEL', recordKey(input.id), 'workerId', 'startedAt', 'progress')
  giveBackShare(model, input.id, readShare(input.id))
  setStatus(input.id, 'queued')
  return 'queued'
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
    status = 'failed'
  end
  redis.call('HSET', recordKey(input.id), 'abandonedAt', input.now)
  close(input.id, input.retention)
  setStatus(input.id, status)
  return status
end

-- A running record whose job is gone or whose worker is dead, seen by somebody who is not the worker.
function commands.recover(input)
  local status, workerId, attempts, model, cancel = unpack(read(input.id, 'status', 'workerId', 'attempts', 'model', 'cancel'))
  if status ~= 'running' or workerId ~= input.workerId or tonumber(attempts) ~= input.attempts then return status or 'gone' end
  if redis.call('EXISTS', bullKey(model, 'g-' .. input.id) .. ':lock') == 1 then return status end
  if cancel or tonumber(attempts) >= input.maximumAttempts then
    redis.call('HSET', recordKey(input.id), 'failure', cancel or input.exhausted)
    return endWork(input, cancel and 'cancelled' or 'failed')
  end
  redis.call('HDEL', recordKey(input.id), 'workerId', 'startedAt', 'progress')
  giveBackShare(model, input.id, readShare(input.id))
  setStatus(input.id, 'queued')
  return 'queued'
end

local function workersOf(model, now)
  return redis.call('ZCOUNT', prefix .. ':workers:' .. model, '(' .. string.format('%.0f', now), '+inf')
end

function commands.position(input)
  local status, model, startedAt, level, cost, progress =
    unpack(read(input.id, 'status', 'model', 'startedAt', 'share.level', 'share.cost', 'progress'))
  if not status then return { 'gone' } end
  local ahead, work, runningWork, running = 0, 0, 0, 0
  if status == 'queued' then
    ahead = jobsAhead(model, input.id)
    work = workAhead(model, tonumber(level), ahead)
    runningWork, running = workRunning(model, input.now)
  end
  return { status, tostring(ahead), tostring(redis.call('SCARD', shareKey(model, 'waiting'))), tostring(work), tostring(runningWork),
    tostring(running), tostring(workersOf(model, input.now)), startedAt or '0', cost, progress or 'null' }
end

function commands.forecast(input)
  local model = input.model
  local virtual, base = readClock(model)
  local start = math.max(virtual, tonumber(redis.call('HGET', shareKey(model, 'users'), input.user)) or 0)
  local level = math.min(levelOf(start, base), lastLevel)
  local ahead = redis.call('LLEN', bullKey(model, 'wait')) +
    redis.call('ZCOUNT', bullKey(model, 'prioritized'), '-inf', '(' .. string.format('%.0f', (level + 1) * perLevel))
  local runningWork, running = workRunning(model, input.now)
  return { 'queued', tostring(ahead), tostring(redis.call('SCARD', shareKey(model, 'waiting')) + 1),
    tostring(workAhead(model, level, ahead)), tostring(runningWork), tostring(running), tostring(workersOf(model, input.now)), '0',
    tostring(input.cost), 'null' }
end

-- Moving average of measured seconds per pass: a new machine or driver shows after a few clips, one slow clip hardly does.
function commands.learn(input)
  local known = tonumber(redis.call('HGET', prefix .. ':pace', input.work))
  local value = known and known + input.weight * (input.seconds - known) or input.seconds
  redis.call('HSET', prefix .. ':pace', input.work, string.format('%.6g', value))
end

return commands[ARGV[1]](cjson.decode(ARGV[2]))
