-- The generation takes the first of its guild's places in this queue; those before it move back by one of the guild's own places. The
-- places themselves stay, so nobody else's changes.
--
-- Input: id, scope, entry
-- Reply: bumped, not_waiting or unknown
-- @include records fair-queueing audit

local status, model, guildId = unpack(read(input.id, 'status', 'model', 'guildId'))
if not status or scopeOf(guildId) ~= input.scope then return 'unknown' end
if status ~= 'queued' then return 'not_waiting' end
local line = {}
for _, id in ipairs(redis.call('SMEMBERS', shareKey(model, 'guild:' .. input.scope))) do
  line[#line + 1] = { id = id, share = readShare(id) }
end
table.sort(line, function(left, right) return scoreOf(left.share) < scoreOf(right.share) end)
local moved = {}
for _, entry in ipairs(line) do
  moved[#moved + 1] = entry
  if entry.id == input.id then break end
end
local places = {}
for index, entry in ipairs(moved) do
  leaveWaiting(model, entry.id, entry.share)
  places[index] = { entry.share.level, entry.share.sequence, entry.share.place }
end
for index, entry in ipairs(moved) do
  local share = entry.share
  share.level, share.sequence, share.place = unpack(places[index == #moved and 1 or index + 1])
  enterWaiting(model, entry.id, share)
  placeInBull(model, entry.id, share)
  publishStatus(entry.id, 'queued')
end
writeAudit(input.entry)
return 'bumped'
