-- A worker says that it is alive and what it does.
--
-- Input: workerId, models (that it takes), lifetime (milliseconds for which it counts as alive), state (what else it says, as JSON)
-- Reply: null
-- @include names

local now = serverTime()
for _, model in ipairs(input.models) do
  redis.call('ZADD', workersKey(model), now + input.lifetime, input.workerId)
  redis.call('ZREMRANGEBYSCORE', workersKey(model), '-inf', whole(now))
end
local state = cjson.decode(input.state)
state.at = now
state = cjson.encode(state)
redis.call('SET', prefix .. ':worker:' .. input.workerId, state, 'PX', input.lifetime)
-- Stays when the worker falls silent, so that somebody sees which one did.
redis.call('HSET', prefix .. ':machines', input.workerId, state)
