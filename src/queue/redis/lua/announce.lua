-- Drain and maintenance: one text each.
--
-- Input: key, text, entry
-- Reply: null
-- @include audit

redis.call('SET', input.key, input.text)
writeAudit(input.entry)
