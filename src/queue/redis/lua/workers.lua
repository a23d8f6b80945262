-- Who lives and takes each model.
--
-- Input: nothing of its own
-- Reply: ids by model, a line each
-- @include names

local now, found = whole(serverTime()), {}
for _, model in ipairs(models) do
  found[model] = table.concat(redis.call('ZRANGEBYSCORE', workersKey(model), '(' .. now, '+inf'), '\n')
end
return found
