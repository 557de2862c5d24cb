-- Draws a ticket: a time, and never twice the same. Deletes what readings that never came to their end left.

local flat = redis.call('HGETALL', cluster .. ':staging')
for index = 1, #flat, 2 do
  if tonumber(flat[index]) < clock - RESERVATION_MS then
    for row = 1, tonumber(flat[index + 1]) do
      redis.call('DEL', cluster .. ':staged:' .. flat[index] .. ':' .. row)
    end
    redis.call('HDEL', cluster .. ':staging', flat[index])
  end
end

local last = tonumber(redis.call('GET', cluster .. ':ticket') or '0')
local ticket = math.max(last + 1, clock + 1)
redis.call('SET', cluster .. ':ticket', whole(ticket))
return ticket
