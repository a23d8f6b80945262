-- Ends the pauses whose time is over.
--
-- Input: nothing of its own
-- Reply: how many
-- @include pauses

return endPauses(input.now)
