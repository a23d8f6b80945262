-- Only over the revision that was read: whoever comes second reads again.
--
-- Input: key, revision, text (JSON), entry
-- Reply: whether they were changed
-- @include audit

local revision = redis.call('HGET', input.key, 'revision') or '0'
if revision ~= input.revision then return false end
redis.call('HSET', input.key, 'text', input.text, 'revision', tonumber(revision) + 1)
writeAudit(input.entry)
return true
