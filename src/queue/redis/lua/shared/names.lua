-- Names, and what every part needs. `prefix` and `models` are set before this.

local openKey = prefix .. ':open'
local eventsChannel = prefix .. ':events'
local pausesKey = prefix .. ':pauses'
local day = 24 * 3600 * 1000

local function shareKey(model, part)
  return prefix .. ':share:' .. model .. ':' .. part
end

local function bullKey(model, part)
  return prefix .. ':generations.' .. model .. ':' .. part
end

local function recordKey(id)
  return prefix .. ':generation:' .. id
end

-- What a generation counts for: its guild, or the direct messages. From the field `guildId`, which is JSON.
local function scopeOf(guildId)
  return guildId and string.match(guildId, '%d+') or 'direct'
end

local function whole(number)
  return string.format('%.0f', number)
end

-- By Redis' own clock: workers are on many machines, and one whose clock is wrong would not be counted, or have nobody else counted.
local function serverTime()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function workersKey(model)
  return prefix .. ':workers:' .. model
end

local function publishStatus(id, status)
  redis.call('PUBLISH', eventsChannel, cjson.encode({ kind = 'status', id = id, status = status }))
end

-- Whether a pause or a ban, as JSON, has not ended by itself.
local function stands(text, now)
  if not text then return false end
  local ends = cjson.decode(text)['until']
  return ends == cjson.null or ends > now
end
