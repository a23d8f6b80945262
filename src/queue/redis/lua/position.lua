-- Where a generation stands in its queue, and what its waiting time is made of.
--
-- Input: id
-- Reply: see shared/waiting-times.lua; null when there is none
-- @include records fair-queueing pauses waiting-times paces

endPauses(input.now)
local status, model, startedAt, cost, progress, work =
  unpack(read(input.id, 'status', 'model', 'startedAt', 'share.cost', 'progress', 'work'))
if not status then return nil end
local ahead, workBefore, runningWork, running = 0, 0, 0, 0
local waiting = redis.call('SCARD', shareKey(model, 'waiting'))
local held, heldUntil = cjson.null, cjson.null
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
local pace, isTheirs = expectedPace(work or '', takers(model, input.now))
return {
  status = status, ahead = ahead, waiting = waiting, work = workBefore, runningWork = runningWork, running = running,
  workers = workersOf(model), startedAt = tonumber(startedAt) or cjson.null, cost = tonumber(cost),
  progress = progress or cjson.null, held = held, heldUntil = heldUntil,
  measured = pace ~= nil and isTheirs,
}
