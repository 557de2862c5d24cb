-- Writes an instance's record. `given`: {arn, version, fields, cpu left, memory left, digest, attributes}.

local function add_up(cpu, memory)
  redis.call('INCRBY', cluster .. ':remaining_cpu', whole(cpu))
  redis.call('INCRBY', cluster .. ':remaining_memory', whole(memory))
end

local function write_record(key, given, stamp)
  redis.call('HSET', key, 'stamp', whole(stamp), 'suspect', '0', 'freed', '0', unpack(given[3]))
  redis.call('SADD', cluster .. ':instances', given[1])
end

local function remove(arn)
  local key = cluster .. ':instance:' .. arn
  local flat = redis.call('HGETALL', key)
  for index = 1, #flat, 2 do
    if string.sub(flat[index], 1, 12) == 'reservation:' then
      redis.call('HDEL', places, string.sub(flat[index], 13))
    end
  end
  redis.call('DEL', key)
  redis.call('SREM', cluster .. ':instances', arn)
  loaded[arn] = nil
end
