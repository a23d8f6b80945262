-- Pauses a guild, or all.
--
-- Input: scope (a guild, or deployment), text (the pause, as JSON), entry
-- Reply: how many wait for its end
-- @include pauses audit

endPauses(input.now)
local count = beginPause(input.scope, input.text)
writeAudit(input.entry, 'waiting', count)
return count
