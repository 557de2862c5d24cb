-- Applies one instance's record. ARGV: the record, '1' when it is inactive.

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
  add_up(-it.remaining[1], -it.remaining[2])
  remove(arn)
  remember_end(arn, version, false)
  return { 1, 0 }
end

redis.call('HSETNX', cluster .. ':attributes', given[6], given[7])
add_up(given[4] - it.remaining[1], given[5] - it.remaining[2])
local before = vacancy(it)
flush()
write_record(it.key, given, stamp_now())

loaded[arn] = nil
local now = at(arn)
if now.pending[1] > 0 or now.pending[2] > 0 or now.pending[3] > 0 then
  each_hold(now, 'task:', function(_, text)
    local task = parse_task(text)
    if task.seen and task.base >= it.version and task.base < version then
      for part = 1, 3 do
        now.pending[part] = now.pending[part] - task[part]
      end
      now.dirty = true
    end
  end)
  flush()
end
if gained(vacancy(now), before) then
  redis.call('HSET', now.key, 'freed', '1')
  return { 1, 1 }
end
return { 1, 0 }
