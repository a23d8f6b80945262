-- Where each of these stands in the order of its model, as a number to sort by; what is gone comes last.
--
-- Input: ids
-- Reply: numbers as text, in the order of the ids: they have more digits than a number in JSON keeps
-- @include fair-queueing

local scores = {}
for index, id in ipairs(input.ids) do
  local share = redis.call('EXISTS', recordKey(id)) == 1 and readShare(id)
  scores[index] = share and share.level and whole(scoreOf(share)) or whole(2 ^ 53)
end
return scores
