-- Closes an instance for a while. ARGV: the instance, until when.

local key = cluster .. ':instance:' .. ARGV[3]
if redis.call('EXISTS', key) == 1 then
  local already = tonumber(redis.call('HGET', key, 'suspect') or 0)
  redis.call('HSET', key, 'suspect', whole(math.max(already, tonumber(ARGV[4]))))
end
return 1
