-- Takes RunTask calls from the account's bucket, in thousandths. ARGV: how many, a second's worth, the most.

local wanted, rate, most = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]) * 1000
local found = redis.call('HMGET', cluster, 'tokens', 'at')
local tokens, filled_at = tonumber(found[1] or most), tonumber(found[2] or clock)
tokens = math.min(most, tokens + math.max(0, clock - filled_at) * rate)
local granted = math.max(0, math.min(wanted, math.floor(tokens / 1000)))
tokens = tokens - granted * 1000
redis.call('HSET', cluster, 'tokens', whole(tokens), 'at', whole(math.max(clock, filled_at)))
return { granted, math.max(0, 1000 - tokens) }
