-- Moving average of measured seconds per pass: a new machine or driver shows after a few clips, one slow clip hardly does.
--
-- Input: work (name of the pace), seconds, weight (of what is new, 0 to 1)
-- Reply: null
-- @include names

local known = tonumber(redis.call('HGET', prefix .. ':pace', input.work))
-- What is no number is not equal to itself.
if known ~= known or known == math.huge then known = nil end
local value = known and known + input.weight * (input.seconds - known) or input.seconds
redis.call('HSET', prefix .. ':pace', input.work, string.format('%.6g', value))
