-- Lifts a ban.
--
-- Input: key (of the list), user, entry
-- Reply: whether there was one that still stood
-- @include audit

local text = redis.call('HGET', input.key, input.user)
if not text then return false end
redis.call('HDEL', input.key, input.user)
if not stands(text, input.now) then return false end
writeAudit(input.entry)
return true
