-- Bans a person.
--
-- Input: key (of the list), user, text (the ban, as JSON), entry
-- Reply: null
-- @include audit

redis.call('HSET', input.key, input.user, input.text)
writeAudit(input.entry)
