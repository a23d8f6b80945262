-- How long a pass takes: measured seconds, by kind of work (`pace.ts`) and by machine, and of all machines together for where none of those
-- that live has been measured.
--
-- @include fair-queueing

-- `machine`: nil for all together
local function paceOf(work, machine)
  local pace = tonumber(redis.call('HGET', prefix .. ':pace', machine and work .. '@' .. machine or work))
  -- What is no number is not equal to itself; an older program may have left such a thing.
  if pace and pace == pace and pace > 0 and pace < math.huge then return pace end
  return nil
end

-- More machines than this tell nothing new: what they are is asked whenever somebody looks at their place in the queue.
local mostAsked = 32

-- What kind of machine each worker is that would take a job of this model now: the free ones while nobody waits, and else all, of those that
-- were heard of last. Those that do not say it are left out.
local function takers(model)
  local isQuiet = redis.call('SCARD', shareKey(model, 'waiting')) == 0
  local busy, free, all = {}, {}, {}
  if isQuiet then
    for _, one in ipairs(models) do
      for _, id in ipairs(redis.call('ZRANGE', shareKey(one, 'running'), 0, -1)) do
        busy[redis.call('HGET', recordKey(id), 'workerId') or ''] = true
      end
    end
  end
  -- Free ones may be any of them.
  local most = isQuiet and -1 or mostAsked
  for _, worker in ipairs(redis.call('ZREVRANGEBYSCORE', workersKey(model), '+inf', '(' .. whole(serverTime()), 'LIMIT', 0, most)) do
    local said = redis.call('GET', prefix .. ':worker:' .. worker)
    local machine = said and cjson.decode(said).machine
    if type(machine) == 'string' then
      all[#all + 1] = machine
      if not busy[worker] then free[#free + 1] = machine end
    end
  end
  return isQuiet and #free > 0 and free or all
end

-- How many GPUs make a clip together, in the mean: what is known of machines that have not made one yet (`machineOf` in pace.ts).
local function gpusTogether(machines)
  local together = 0
  for _, machine in ipairs(machines) do together = together + math.max(1, tonumber(machine:match('^(%d+)x')) or 1) end
  return #machines > 0 and together / #machines or 1
end

-- The pace that is to be expected, and whether it was measured on one of these machines. Each takes as much of what comes as it is fast, so
-- the mean is the harmonic one; it is also what makes the work ahead, shared among them, take as long as it does.
local function expectedPace(work, machines)
  local known, speed = 0, 0
  for _, machine in ipairs(machines) do
    local pace = paceOf(work, machine)
    if pace then known, speed = known + 1, speed + 1 / pace end
  end
  if known > 0 then return known / speed, true end
  return paceOf(work), #machines == 0
end
