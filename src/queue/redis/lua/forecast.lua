-- Where a request would stand that is made now. As `position`.
--
-- Input: user, scope, model, cost (milliseconds)
-- Reply: see shared/waiting-times.lua
-- @include fair-queueing pauses waiting-times

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
return {
  status = 'queued', ahead = ahead, waiting = waiting, work = work, runningWork = runningWork, running = running,
  workers = workersOf(model), startedAt = cjson.null, cost = input.cost, progress = cjson.null,
  held = held, heldUntil = heldUntil, measured = true,
}
