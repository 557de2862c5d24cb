-- Draws a ticket: a time, and never twice the same.

local last = tonumber(redis.call('GET', cluster .. ':ticket') or '0')
local ticket = math.max(last + 1, clock + 1)
redis.call('SET', cluster .. ':ticket', whole(ticket))
return ticket
