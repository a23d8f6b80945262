-- Moving average of measured seconds per pass, of one kind of machine and of all: a new driver shows after a few clips, one slow clip
-- hardly does.
--
-- Input: work (name of the pace), machine (or null: it is not known), seconds, weight (of what is new, 0 to 1)
-- Reply: null
-- @include records paces

local function learn(field, known)
  local value = known and known + input.weight * (input.seconds - known) or input.seconds
  redis.call('HSET', prefix .. ':pace', field, string.format('%.6g', value))
end

learn(input.work, paceOf(input.work))
if input.machine ~= cjson.null then
  learn(input.work .. '@' .. input.machine, paceOf(input.work, input.machine))
end
