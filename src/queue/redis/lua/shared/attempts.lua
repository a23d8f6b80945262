-- One worker's attempt at a generation.
--
-- @include records fair-queueing pauses

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

-- Whoever took the job last, and nobody else, may say how it went.
local function isHeldBy(input)
  local status, workerId, attempts = unpack(read(input.id, 'status', 'workerId', 'attempts'))
  return status == 'running' and workerId == input.workerId and tonumber(attempts) == input.attempts, status
end
