-- What a waiting time is made of. The reply of `position` and `forecast`:
--   status         of the record
--   ahead          jobs that come before it
--   waiting        all that wait for its model, with those that are held with it
--   work           milliseconds of work before it; runningWork: of what runs; running: how many those are
--   workers        that live and take its model
--   startedAt      milliseconds since 1970, or null
--   cost           its own, in milliseconds
--   progress       as the worker last told, as JSON, or null
--   held           what keeps it from starting: 'guild', 'deployment' or null; heldUntil: milliseconds since 1970, null: until resumed
--   measured       whether its cost comes from a pace that was measured on a machine that would take it
--
-- @include fair-queueing pauses

local function workersOf(model)
  return redis.call('ZCOUNT', workersKey(model), '(' .. whole(serverTime()), '+inf')
end

-- What keeps work of this scope from starting, and until when; both null where nothing does.
local function heldBy(scope, now)
  local pause, what = pauseOf(scope, now), 'guild'
  if not pause then pause, what = pauseOf('deployment', now), 'deployment' end
  if not pause then return cjson.null, cjson.null end
  return what, pause['until']
end
