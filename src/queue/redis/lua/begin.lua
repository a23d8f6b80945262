-- A worker takes a generation.
--
-- Input: id, workerId, maximumAttempts, token (of the job's lock; asked again with the same one, the answer is the same)
-- Reply: answer: begun; spent: its tries are used up, and it may only look for what an earlier one has stored; held: its guild is paused;
--        lost: the job is another's by now; gone: no such record; or the status that leaves nothing to do
--        attempts: the number of this one, 0 where none began
-- @include records fair-queueing pauses ends attempts

local id = input.id
local status, model, cancel, attempts = unpack(read(id, 'status', 'model', 'cancel', 'attempts'))
local function answered(answer, count) return { answer = answer, attempts = tonumber(count or 0) } end
if not status then return answered('gone') end
if status ~= 'queued' and status ~= 'running' then return answered(status) end
if input.token then
  -- The answer was lost with the connection, and the client asks again.
  local token, spent = unpack(read(id, 'token', 'spent'))
  if status == 'running' and token == input.token then return answered(spent and 'spent' or 'begun', attempts) end
  if redis.call('GET', bullKey(model, 'g-' .. id) .. ':lock') ~= input.token then return answered('lost') end
end
local share = readShare(id)
if cancel then
  leaveWaiting(model, id, share)
  redis.call('HSET', recordKey(id), 'failure', cancel)
  return answered(endWork(input, 'cancelled'))
end
if pauseOf(share.scope, input.now) then
  if status == 'running' then requeue(model, id, input.now) else hold(model, id, share) end
  return answered('held')
end
startShare(model, id, share, input.now)
-- The last try may have died after it had stored the video: that is looked for, and no GPU is used.
local spent = tonumber(attempts) >= input.maximumAttempts
if spent then
  redis.call('HSET', recordKey(id), 'spent', 1)
else
  attempts = redis.call('HINCRBY', recordKey(id), 'attempts', 1)
end
redis.call('HSET', recordKey(id), 'workerId', input.workerId, 'startedAt', input.now)
if input.token then redis.call('HSET', recordKey(id), 'token', input.token) end
redis.call('HDEL', recordKey(id), 'progress')
setStatus(id, 'running')
return answered(spent and 'spent' or 'begun', attempts)
