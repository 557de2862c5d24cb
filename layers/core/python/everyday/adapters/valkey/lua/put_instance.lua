-- Applies one instance's record. ARGV: the record, '1' when it is inactive, its attributes.
-- The record: {ARN, version, fields and values in turn, CPU and memory left, the attributes' digest}.

local given, is_inactive = cmsgpack.unpack(ARGV[3]), ARGV[4] == '1'
local arn, version = given[1], given[2]

local ended = end_of(arn)
if ended and ended.version >= version then
  return { 0, 0 }
end
local it = at(arn)
if it.version >= version then
  flush()
  return { 0, (it.version == version and it.freed) and 1 or 0 }
end
if is_inactive then
  redis.call('INCRBY', cluster .. ':remaining_cpu', whole(-it.remaining[1]))
  redis.call('INCRBY', cluster .. ':remaining_memory', whole(-it.remaining[2]))
  each_hold(it, 'reservation:', function(name)
    redis.call('HDEL', places, name)
  end)
  redis.call('DEL', it.key)
  redis.call('SREM', cluster .. ':instances', arn)
  remember_end(arn, version, false)
  return { 1, 0 }
end

redis.call('INCRBY', cluster .. ':remaining_cpu', whole(given[4] - it.remaining[1]))
redis.call('INCRBY', cluster .. ':remaining_memory', whole(given[5] - it.remaining[2]))
redis.call('HSETNX', cluster .. ':attributes', given[6], ARGV[5])
redis.call('DEL', cluster .. ':ended:' .. arn)
redis.call('SADD', cluster .. ':instances', arn)
local before = vacancy(it)
it.stamp, it.suspect, it.dirty = stamp_now(), 0, true
flush()
redis.call('HSET', it.key, unpack(given[3]))

loaded[arn] = nil
local now = at(arn)
if now.pending[1] > 0 or now.pending[2] > 0 or now.pending[3] > 0 then
  each_hold(now, 'task:', function(_, text)
    local task = parse_task(text)
    if task.seen and task.base >= it.version and task.base < version then
      for part = 1, 3 do
        now.pending[part] = now.pending[part] - task[part]
      end
    end
  end)
end
now.freed, now.dirty = gained(vacancy(now), before), true
flush()
return { 1, now.freed and 1 or 0 }
