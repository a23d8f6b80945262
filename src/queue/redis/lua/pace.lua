-- How long a pass of each work would take now.
--
-- Input: model, works (names of paces)
-- Reply: for each, seconds (or null where it was never measured), whether it was measured on a machine that would take it, and how many GPUs make
-- a clip together on those that would, in the mean
-- @include records paces

local machines = takers(input.model)
local gpus = gpusTogether(machines)
local paces = {}
for index, work in ipairs(input.works) do
  local seconds, isTheirs = expectedPace(work, machines)
  paces[index] = { seconds = seconds or cjson.null, isTheirs = isTheirs, gpus = gpus }
end
return paces
