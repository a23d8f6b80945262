-- Pauses. A generation that waits in a paused guild is held: it leaves BullMQ's order, but its job's hash, its tags and its place stay, so
-- that it comes back to where it would have been. A pause of the whole deployment is BullMQ's own pause of every queue.
--
-- @include fair-queueing

local pauseEndsKey = prefix .. ':pause-ends'

local function pauseOf(scope, now)
  local text = redis.call('HGET', pausesKey, scope)
  if text and stands(text, now) then return cjson.decode(text) end
  return nil
end

-- Takes the job from BullMQ whether it waits or a worker has just taken it. Only for a record that is queued, which no worker works on.
local function takeFromBull(model, id)
  local job = 'g-' .. id
  redis.call('ZREM', bullKey(model, 'prioritized'), job)
  redis.call('LREM', bullKey(model, 'wait'), 0, job)
  redis.call('LREM', bullKey(model, 'active'), 0, job)
  redis.call('SREM', bullKey(model, 'stalled'), job)
  redis.call('DEL', bullKey(model, job) .. ':lock')
end

local function hold(model, id, share)
  if not share.held then
    leaveWaiting(model, id, share)
    share.held = true
    enterWaiting(model, id, share)
  end
  takeFromBull(model, id)
end

-- A job that a crash kept from BullMQ has no hash yet: `reconcile` adds it.
local function letGo(model, id, share)
  leaveWaiting(model, id, share)
  share.held = nil
  enterWaiting(model, id, share)
  if redis.call('EXISTS', bullKey(model, 'g-' .. id)) == 1 then
    redis.call('ZADD', bullKey(model, 'prioritized'), scoreOf(share), 'g-' .. id)
    redis.call('HSET', bullKey(model, 'g-' .. id), 'priority', share.level)
  end
end

local function wakeAll()
  for _, model in ipairs(models) do redis.call('PUBLISH', prefix .. ':wake', model) end
end

local function tellWaiting(model)
  for _, id in ipairs(redis.call('SMEMBERS', shareKey(model, 'waiting'))) do publishStatus(id, 'queued') end
end

-- `move` is `hold` or `letGo`. Whoever watches the jobs is told. Returns how many there are.
local function moveAll(model, ids, move)
  for _, id in ipairs(ids) do
    move(model, id, readShare(id))
    publishStatus(id, 'queued')
  end
  return #ids
end

-- Returns how many wait for the end of the pause.
local function beginPause(scope, text)
  local count = 0
  redis.call('HSET', pausesKey, scope, text)
  local ends = cjson.decode(text)['until']
  if ends == cjson.null then redis.call('ZREM', pauseEndsKey, scope) else redis.call('ZADD', pauseEndsKey, ends, scope) end
  for _, model in ipairs(models) do
    if scope == 'deployment' then
      redis.call('HSET', bullKey(model, 'meta'), 'paused', 1)
      tellWaiting(model)
      count = count + redis.call('SCARD', shareKey(model, 'waiting'))
    else
      count = count + moveAll(model, redis.call('SMEMBERS', shareKey(model, 'guild:' .. scope)), hold)
    end
  end
  return count
end

-- Returns how many go on.
local function endPause(scope)
  local count = 0
  redis.call('HDEL', pausesKey, scope)
  redis.call('ZREM', pauseEndsKey, scope)
  for _, model in ipairs(models) do
    if scope == 'deployment' then
      redis.call('HDEL', bullKey(model, 'meta'), 'paused')
      tellWaiting(model)
      count = count + redis.call('SCARD', shareKey(model, 'waiting'))
    else
      count = count + moveAll(model, redis.call('ZRANGE', heldOf(model, scope), 0, -1), letGo)
    end
  end
  wakeAll()
  return count
end

-- Ends the pauses whose time is over. Whoever looks at the queue calls this, so no single process has to be there at that moment.
local function endPauses(now)
  local over = redis.call('ZRANGEBYSCORE', pauseEndsKey, '-inf', whole(now))
  for _, scope in ipairs(over) do endPause(scope) end
  return #over
end
