-- Weighted fair share of one model's queue, by start-time fair queueing: a job's start tag is the later of the queue's virtual
-- time and the finish tag of the same person's job before it; its finish tag is the start plus its cost. Whoever has the
-- smallest start tag is next. Tags and costs are whole milliseconds of GPU time.
--
-- A person's weight divides the cost: with 2, a GPU second moves the finish tag by half of one ("charge"). The estimate itself ("cost")
-- stays for waiting times.
--
-- BullMQ's priority ("level" here) is the start tag above a base, in seconds. BullMQ's own sorted set `prioritized` holds the order: its
-- score is level * 2^32 plus a sequence that keeps jobs of one level in the order of their arrival. The sequence is kept here: BullMQ's own
-- starts again whenever nothing waits, also while jobs are held.
--
-- A job's place (level, sequence, and `place`, the start tag that the place stands for) is its own start tag's until a moderator
-- exchanges places within a guild. Then the place stays what it is, and the tags go on saying what the person has used.
--
-- @include names

local unit = 1000
-- Level 1 is kept for jobs that a worker gave back: they have been next once already.
local givenBackLevel, firstLevel, lastLevel = 1, 2, 2097151
local perLevel = 4294967296
-- Sums of cost are kept per range of levels, so that the work ahead of a job needs at most 512 numbers.
local bucketSize = 4096

local function waitingOfUser(model, user)
  return shareKey(model, 'waiting-of:' .. user)
end

local function readClock(model)
  local clock = redis.call('HMGET', shareKey(model, 'clock'), 'virtual', 'base')
  return tonumber(clock[1]) or 0, tonumber(clock[2]) or 0
end

local function levelOf(start, base)
  return math.max(firstLevel, firstLevel + math.floor((start - base) / unit))
end

local function count(model, level, jobs, cost)
  local bucket = math.floor(level / bucketSize)
  redis.call('HINCRBY', shareKey(model, 'costs'), bucket, cost)
  if redis.call('HINCRBY', shareKey(model, 'counts'), bucket, jobs) <= 0 then
    redis.call('HDEL', shareKey(model, 'counts'), bucket)
    redis.call('HDEL', shareKey(model, 'costs'), bucket)
  end
end

local function heldOf(model, scope)
  return shareKey(model, 'held-of:' .. scope)
end

local function scoreOf(share)
  return share.level * perLevel + share.sequence % perLevel
end

local function nextSequence(model)
  return redis.call('HINCRBY', shareKey(model, 'clock'), 'sequence', 1)
end

-- Puts a job in BullMQ's hands to its place. One that is held, or was taken, is in nobody's order.
local function placeInBull(model, id, share)
  if redis.call('ZSCORE', bullKey(model, 'prioritized'), 'g-' .. id) then
    redis.call('ZADD', bullKey(model, 'prioritized'), scoreOf(share), 'g-' .. id)
    redis.call('HSET', bullKey(model, 'g-' .. id), 'priority', share.level)
  end
end

local function readShare(id)
  local share = redis.call('HMGET', recordKey(id), 'share.user', 'share.arrival', 'share.start', 'share.cost', 'share.level',
    'share.charge', 'share.place', 'share.sequence', 'share.held', 'guildId')
  local start, cost = tonumber(share[3]), tonumber(share[4])
  return { user = share[1], arrival = tonumber(share[2]), start = start, cost = cost, level = tonumber(share[5]),
    charge = tonumber(share[6]) or cost, place = tonumber(share[7]) or start, sequence = tonumber(share[8]) or 0,
    held = share[9] and true or nil, scope = scopeOf(share[10]) }
end

local function enterWaiting(model, id, share)
  redis.call('HSET', recordKey(id), 'share.user', share.user, 'share.arrival', share.arrival, 'share.start', share.start,
    'share.cost', share.cost, 'share.level', share.level, 'share.charge', share.charge, 'share.place', share.place,
    'share.sequence', share.sequence)
  redis.call('ZADD', waitingOfUser(model, share.user), share.start, id)
  redis.call('SADD', shareKey(model, 'guild:' .. share.scope), id)
  if share.held then
    redis.call('HSET', recordKey(id), 'share.held', 1)
    redis.call('SADD', shareKey(model, 'held'), id)
    redis.call('ZADD', heldOf(model, share.scope), scoreOf(share), id)
  else
    redis.call('SADD', shareKey(model, 'waiting'), id)
    count(model, share.level, 1, share.cost)
  end
end

-- False if the job did not wait: then there is nothing to take out.
local function leaveWaiting(model, id, share)
  if share.held then
    if redis.call('SREM', shareKey(model, 'held'), id) == 0 then return false end
    redis.call('HDEL', recordKey(id), 'share.held')
    redis.call('ZREM', heldOf(model, share.scope), id)
  else
    if redis.call('SREM', shareKey(model, 'waiting'), id) == 0 then return false end
    count(model, share.level, -1, -share.cost)
  end
  redis.call('ZREM', waitingOfUser(model, share.user), id)
  redis.call('SREM', shareKey(model, 'guild:' .. share.scope), id)
  return true
end

-- Moves the base up to the virtual time when levels run out, after some 24 days of work without a pause.
local function rebase(model, virtual, base)
  local shift = math.floor((virtual - base) / unit)
  if shift <= 0 then return base end
  base = base + shift * unit
  redis.call('HSET', shareKey(model, 'clock'), 'base', base)
  for _, set in ipairs({ 'waiting', 'held' }) do
    for _, id in ipairs(redis.call('SMEMBERS', shareKey(model, set))) do
      local share = readShare(id)
      if share.level ~= givenBackLevel then
        leaveWaiting(model, id, share)
        share.level = math.min(levelOf(share.place, base), lastLevel)
        enterWaiting(model, id, share)
        placeInBull(model, id, share)
      end
    end
  end
  -- A finish tag in the past says nothing any more.
  local users = redis.call('HGETALL', shareKey(model, 'users'))
  for index = 1, #users, 2 do
    if tonumber(users[index + 1]) <= virtual then redis.call('HDEL', shareKey(model, 'users'), users[index]) end
  end
  return base
end

local function reserve(model, user, id, cost, weight, scope, held)
  local virtual, base = readClock(model)
  local start = math.max(virtual, tonumber(redis.call('HGET', shareKey(model, 'users'), user)) or 0)
  local charge = math.max(1, math.floor(cost / weight + 0.5))
  redis.call('HSET', shareKey(model, 'users'), user, whole(start + charge))
  local level = levelOf(start, base)
  if level > lastLevel then
    base = rebase(model, virtual, base)
    level = math.min(levelOf(start, base), lastLevel)
  end
  enterWaiting(model, id, { user = user, arrival = virtual, start = start, cost = cost, level = level, charge = charge, place = start,
    sequence = nextSequence(model), held = held, scope = scope })
  return level
end

local function startShare(model, id, share, now)
  if leaveWaiting(model, id, share) then
    local virtual = readClock(model)
    redis.call('HSET', shareKey(model, 'clock'), 'virtual', math.max(virtual, share.place))
  end
  redis.call('ZADD', shareKey(model, 'running'), now + share.cost, id)
end

-- When nobody waits, not even held, and nothing runs, the past is forgotten.
local function resetWhenEmpty(model)
  if redis.call('SCARD', shareKey(model, 'waiting')) == 0 and redis.call('SCARD', shareKey(model, 'held')) == 0
    and redis.call('ZCARD', shareKey(model, 'running')) == 0 then
    for _, part in ipairs({ 'clock', 'users', 'costs', 'counts' }) do redis.call('DEL', shareKey(model, part)) end
  end
end

local function endShare(model, id)
  redis.call('ZREM', shareKey(model, 'running'), id)
  resetWhenEmpty(model)
end

local function giveBackShare(model, id, share)
  redis.call('ZREM', shareKey(model, 'running'), id)
  share.level, share.sequence = givenBackLevel, nextSequence(model)
  enterWaiting(model, id, share)
end

-- A job that is cancelled before it starts costs nothing: the person's later jobs move up to where they would be without it.
local function cancelShare(model, id, share)
  if not leaveWaiting(model, id, share) then return end
  local _, base = readClock(model)
  local finish = share.start
  local later = redis.call('ZRANGEBYSCORE', waitingOfUser(model, share.user), '(' .. whole(share.start), '+inf')
  for _, laterId in ipairs(later) do
    local other = readShare(laterId)
    leaveWaiting(model, laterId, other)
    local own = other.place == other.start
    other.start = math.max(other.arrival, finish)
    if own then
      other.place = other.start
      if other.level ~= givenBackLevel then other.level = math.min(levelOf(other.place, base), lastLevel) end
    end
    enterWaiting(model, laterId, other)
    placeInBull(model, laterId, other)
    finish = other.start + other.charge
  end
  local last = tonumber(redis.call('HGET', shareKey(model, 'users'), share.user))
  -- Without a later job, the cancelled one must have been the last, or a later one has started and its tag stands.
  if #later > 0 or last == share.start + share.charge then
    redis.call('HSET', shareKey(model, 'users'), share.user, finish)
  end
  resetWhenEmpty(model)
end

-- Milliseconds of work before the job with this many jobs ahead of it. Exact for the ranges of levels below its own; within its own
-- range every job counts with the mean.
local function workAhead(model, level, ahead)
  local own = math.floor(level / bucketSize)
  local costs = redis.call('HGETALL', shareKey(model, 'costs'))
  local work, jobs, ownWork, ownJobs = 0, 0, 0, 0
  for index = 1, #costs, 2 do
    local bucket = tonumber(costs[index])
    if bucket <= own then
      local here = tonumber(redis.call('HGET', shareKey(model, 'counts'), costs[index])) or 0
      if bucket < own then
        work, jobs = work + tonumber(costs[index + 1]), jobs + here
      else
        ownWork, ownJobs = tonumber(costs[index + 1]), here
      end
    end
  end
  if ownJobs > 0 then work = work + ownWork / ownJobs * math.min(math.max(ahead - jobs, 0), ownJobs) end
  return math.floor(work)
end

-- What the running jobs still have to do, by their estimates, in milliseconds, and how many they are.
local function workRunning(model, now)
  local running = redis.call('ZRANGE', shareKey(model, 'running'), 0, -1, 'WITHSCORES')
  local work = 0
  for index = 2, #running, 2 do work = work + math.max(0, tonumber(running[index]) - now) end
  return math.floor(work), #running / 2
end

-- Milliseconds of work of a guild's held jobs before this place, which come back with it. Beyond 500 jobs, by their mean.
local function heldAhead(model, scope, score)
  local below = '(' .. whole(score)
  local ahead = redis.call('ZCOUNT', heldOf(model, scope), '-inf', below)
  local known, work = math.min(ahead, 500), 0
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', heldOf(model, scope), '-inf', below, 'LIMIT', 0, known)) do
    work = work + (tonumber(redis.call('HGET', recordKey(id), 'share.cost')) or 0)
  end
  return ahead, known > 0 and math.floor(work / known * ahead) or 0
end

local function jobsAhead(model, id, share)
  local stalled = redis.call('LLEN', bullKey(model, 'wait'))
  if share.held then
    return stalled + redis.call('ZCOUNT', bullKey(model, 'prioritized'), '-inf', '(' .. whole(scoreOf(share)))
  end
  local rank = redis.call('ZRANK', bullKey(model, 'prioritized'), 'g-' .. id)
  if rank then return stalled + rank end
  local place = redis.call('LPOS', bullKey(model, 'wait'), 'g-' .. id)
  if place then return stalled - 1 - place end
  -- Not yet in BullMQ's hands: it will be near the end.
  return stalled + redis.call('ZCARD', bullKey(model, 'prioritized'))
end
