-- What moderators and owners change. Each change and its entry in the audit log are one step.
--
-- @include names

local auditLength = 10000

-- `entry.key` is the log's, `entry.text` the entry as JSON, `entry.id` its ULID: members sort by it.
-- What only this step knows goes into the details.
local function writeAudit(entry, name, value)
  if name then
    local parsed = cjson.decode(entry.text)
    parsed.details[name] = value
    entry.text = cjson.encode(parsed)
  end
  redis.call('ZADD', entry.key, 0, entry.id .. entry.text)
  redis.call('ZREMRANGEBYRANK', entry.key, 0, -auditLength - 1)
  redis.call('PUBLISH', prefix .. ':audit', entry.text)
end
