-- What stands of a person's use: in one scope, everywhere, and of everybody.
--
-- Input: scope, user
-- Reply: queued: how many wait in the server; here, everywhere: { waiting, used (milliseconds of GPU time in 24 hours), last (when they last asked, or null) }; spent: of everybody
-- @include fair-queueing limits

local function useIn(scope)
  local entries, used = readUsage(scope, input.user, input.now)
  local last = entries[#entries]
  return { waiting = redis.call('SCARD', personKey(scope, input.user, 'waiting')), used = used, last = last and last.at or cjson.null }
end

local _, spent = spentOfDay(input.now)
local queued = input.scope ~= 'direct' and guildLength(input.scope) or 0
return { queued = queued, here = useIn(input.scope), everywhere = useIn(everywhere), spent = spent }
