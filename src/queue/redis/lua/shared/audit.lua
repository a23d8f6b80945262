-- What moderators and owners change. Each change and its entry in the audit log are one step.
--
-- @include names

local auditLength = 10000
-- How many entries a bot that was cut off may have missed and still learns of.
local recentLength = 1000

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
  -- Where each entry stands, of all logs, numbered: what is published is heard by whoever listens in that moment, and this is found afterwards.
  local recent = prefix .. ':audit:recent'
  local last = redis.call('ZREVRANGE', recent, 0, 0)[1]
  local number = (last and tonumber(string.match(last, '^%d+')) or 0) + 1
  redis.call('ZADD', recent, number, whole(number) .. ' ' .. entry.id .. ' ' .. entry.key)
  redis.call('ZREMRANGEBYRANK', recent, 0, -recentLength - 1)
  redis.call('PUBLISH', prefix .. ':audit', entry.text)
end
