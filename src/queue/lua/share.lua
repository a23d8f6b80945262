-- Weighted fair share of one model's queue, by start-time fair queueing: a job's start tag is the later of the queue's virtual
-- time and the finish tag of the same person's job before it; its finish tag is the start plus its cost. Whoever has the
-- smallest start tag is next. Tags and costs are whole milliseconds of GPU time.
--
-- BullMQ's priority ("level" here) is the start tag above a base, in seconds. BullMQ's own sorted set `prioritized` holds the order: its
-- score is level * 2^32 plus a counter that keeps jobs of one level in the order of their arrival.

local unit = 1000
-- Level 1 is kept for jobs that a worker gave back: they have been next once already.
local givenBackLevel, firstLevel, lastLevel = 1, 2, 2097151
local perLevel = 4294967296
-- Sums of cost are kept per range of levels, so that the work ahead of a job needs at most 512 numbers.
local bucketSize = 4096

local function shareKey(model, part)
  return prefix .. ':share:' .. model .. ':' .. part
end

local function bullKey(model, part)
  return prefix .. ':generations.' .. model .. ':' .. part
end

local function recordKey(id)
  return prefix .. ':generation:' .. id
end

-- Whether a pause or a ban, as JSON, has not ended by itself.
local function stands(text, now)
  if not text then return false end
  local ends = cjson.decode(text)['until']
  return ends == cjson.null or ends > now
end

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

-- Gives a job in BullMQ's hands its level; keeps its place among the jobs of that level.
local function placeInBull(model, id, level)
  local score = redis.call('ZSCORE', bullKey(model, 'prioritized'), 'g-' .. id)
  if score then
    redis.call('ZADD', bullKey(model, 'prioritized'), level * perLevel + tonumber(score) % perLevel, 'g-' .. id)
    redis.call('HSET', bullKey(model, 'g-' .. id), 'priority', level)
  end
end

local function readShare(id)
  local share = redis.call('HMGET', recordKey(id), 'share.user', 'share.arrival', 'share.start', 'share.cost', 'share.level')
  return { user = share[1], arrival = tonumber(share[2]), start = tonumber(share[3]), cost = tonumber(share[4]),
    level = tonumber(share[5]) }
end

local function enterWaiting(model, id, share)
  redis.call('HSET', recordKey(id), 'share.user', share.user, 'share.arrival', share.arrival, 'share.start', share.start,
    'share.cost', share.cost, 'share.level', share.level)
  redis.call('SADD', shareKey(model, 'waiting'), id)
  redis.call('ZADD', waitingOfUser(model, share.user), share.start, id)
  count(model, share.level, 1, share.cost)
end

-- False if the job did not wait: then there is nothing to take out.
local function leaveWaiting(model, id, share)
  if redis.call('SREM', shareKey(model, 'waiting'), id) == 0 then return false end
  redis.call('ZREM', waitingOfUser(model, share.user), id)
  count(model, share.level, -1, -share.cost)
  return true
end

-- Moves the base up to the virtual time when levels run out, after some 24 days of work without a pause.
local function rebase(model, virtual, base)
  local shift = math.floor((virtual - base) / unit)
  if shift <= 0 then return base end
  base = base + shift * unit
  redis.call('HSET', shareKey(model, 'clock'), 'base', base)
  for _, id in ipairs(redis.call('SMEMBERS', shareKey(model, 'waiting'))) do
    local share = readShare(id)
    if share.level ~= givenBackLevel then
      local level = math.min(levelOf(share.start, base), lastLevel)
      count(model, share.level, -1, -share.cost)
      count(model, level, 1, share.cost)
      redis.call('HSET', recordKey(id), 'share.level', level)
      placeInBull(model, id, level)
    end
  end
  -- A finish tag in the past says nothing any more.
  local users = redis.call('HGETALL', shareKey(model, 'users'))
  for index = 1, #users, 2 do
    if tonumber(users[index + 1]) <= virtual then redis.call('HDEL', shareKey(model, 'users'), users[index]) end
  end
  return base
end

local function reserve(model, user, id, cost)
  local virtual, base = readClock(model)
  local start = math.max(virtual, tonumber(redis.call('HGET', shareKey(model, 'users'), user)) or 0)
  redis.call('HSET', shareKey(model, 'users'), user, start + cost)
  local level = levelOf(start, base)
  if level > lastLevel then
    base = rebase(model, virtual, base)
    level = math.min(levelOf(start, base), lastLevel)
  end
  enterWaiting(model, id, { user = user, arrival = virtual, start = start, cost = cost, level = level })
  return level
end

local function startShare(model, id, share, now)
  if leaveWaiting(model, id, share) then
    local virtual = readClock(model)
    redis.call('HSET', shareKey(model, 'clock'), 'virtual', math.max(virtual, share.start))
  end
  redis.call('ZADD', shareKey(model, 'running'), now + share.cost, id)
end

-- When nobody waits and nothing runs, the past is forgotten.
local function resetWhenEmpty(model)
  if redis.call('SCARD', shareKey(model, 'waiting')) == 0 and redis.call('ZCARD', shareKey(model, 'running')) == 0 then
    for _, part in ipairs({ 'clock', 'users', 'costs', 'counts' }) do redis.call('DEL', shareKey(model, part)) end
  end
end

local function endShare(model, id)
  redis.call('ZREM', shareKey(model, 'running'), id)
  resetWhenEmpty(model)
end

local function giveBackShare(model, id, share)
  redis.call('ZREM', shareKey(model, 'running'), id)
  share.level = givenBackLevel
  enterWaiting(model, id, share)
end

-- A job that is cancelled before it starts costs nothing: the person's later jobs move up to where they would be without it.
local function cancelShare(model, id, share)
  if not leaveWaiting(model, id, share) then return end
  local _, base = readClock(model)
  local finish = share.start
  local later = redis.call('ZRANGEBYSCORE', waitingOfUser(model, share.user), '(' .. string.format('%.0f', share.start), '+inf')
  for _, laterId in ipairs(later) do
    local other = readShare(laterId)
    leaveWaiting(model, laterId, other)
    other.start = math.max(other.arrival, finish)
    if other.level ~= givenBackLevel then other.level = math.min(levelOf(other.start, base), lastLevel) end
    enterWaiting(model, laterId, other)
    placeInBull(model, laterId, other.level)
    finish = other.start + other.cost
  end
  local last = tonumber(redis.call('HGET', shareKey(model, 'users'), share.user))
  -- Without a later job, the cancelled one must have been the last, or a later one has started and its tag stands.
  if #later > 0 or last == share.start + share.cost then
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

local function jobsAhead(model, id)
  local stalled = redis.call('LLEN', bullKey(model, 'wait'))
  local rank = redis.call('ZRANK', bullKey(model, 'prioritized'), 'g-' .. id)
  if rank then return stalled + rank end
  local place = redis.call('LPOS', bullKey(model, 'wait'), 'g-' .. id)
  if place then return stalled - 1 - place end
  -- Not yet in BullMQ's hands: it will be near the end.
  return stalled + redis.call('ZCARD', bullKey(model, 'prioritized'))
end
