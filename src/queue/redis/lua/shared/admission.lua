-- Who may ask at all.

local function contains(list, value)
  for _, one in ipairs(list) do if one == value then return true end end
  return false
end

-- Which list of the owners' a request is not on: 'server' or 'person'; nil when it is on all. A person who is listed may ask anywhere, also
-- in direct messages; a list without entries lets everybody in.
local function notAllowed(deployment, scope, user)
  if not deployment then return nil end
  local people, guilds = deployment.allowed.people, deployment.allowed.guilds
  if contains(people, user) then return nil end
  if #guilds > 0 then return not contains(guilds, scope) and 'server' or nil end
  return #people > 0 and 'person' or nil
end
