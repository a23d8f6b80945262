-- Ends a pause.
--
-- Input: scope, entry
-- Reply: how many go on; null when nothing was paused
-- @include pauses audit

endPauses(input.now)
if not pauseOf(input.scope, input.now) then return nil end
local count = endPause(input.scope)
writeAudit(input.entry, 'waiting', count)
return count
