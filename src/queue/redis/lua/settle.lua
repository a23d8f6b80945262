-- BullMQ has the job now, under a number of its own and perhaps on a level that has changed since: puts it to its place, or holds it.
-- Workers that wait look again.
--
-- Input: id, model
-- Reply: null
-- @include fair-queueing pauses

if redis.call('HGET', recordKey(input.id), 'status') ~= 'queued' then return end
local share = readShare(input.id)
if share.held then takeFromBull(input.model, input.id) else placeInBull(input.model, input.id, share) end
redis.call('PUBLISH', prefix .. ':wake', input.model)
