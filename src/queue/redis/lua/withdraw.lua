-- Takes back what `announce` wrote.
--
-- Input: key, entry
-- Reply: whether there was something
-- @include audit

if redis.call('DEL', input.key) == 0 then return false end
writeAudit(input.entry)
return true
