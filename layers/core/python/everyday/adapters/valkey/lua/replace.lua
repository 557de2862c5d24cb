-- Publishes a whole reading. ARGV: the ticket, the caller's clock, a new epoch's random part, the reading.

local ticket, now, reading = tonumber(ARGV[3]), ARGV[4], cmsgpack.unpack(ARGV[6])
local epoch = epoch_here()
local published = epoch and tonumber(redis.call('GET', cluster .. ':published') or '0') or 0
if ticket <= published then
  return ticket == published and 1 or 0
end

local till = clock + RESERVATION_MS
local total_cpu, total_memory = 0, 0
local digests = {}

-- Whether a reading that does not show this task says nothing about it.
local function is_young(task)
  return task.stamp >= ticket - (task.seen and 0 or SETTLING_MS)
end

local function settle_tasks(it, old, shown, owners)
  for arn, text in pairs(old) do
    local task = parse_task(text)
    local given = shown[arn]
    if (given or is_young(task)) and not end_of(arn) then
      if given then
        local is_settled = task.stamp < ticket
        if given[1] > task.version then
          task.version, task[1], task[2], task[3], task.ports = given[1], given[2], given[3], given[4], given[5]
          task.stamp = is_settled and ticket or task.stamp
          if given[6] ~= '-' then
            task.ends = given[6]
          end
        elseif task.ends == '-' then
          task.ends = given[6]
        end
        if is_settled then -- the instance was read after the task was known, so `remaining` lacks it
          task.base = -1
        end
        task.seen = true
        local new = task_text(task)
        if new ~= text then
          redis.call('HSET', it.key, 'task:' .. arn, new)
        end
      end
      owners[task.owner] = true
      count(it, task)
    else
      redis.call('HDEL', it.key, 'task:' .. arn)
    end
  end
  for arn, given in pairs(shown) do
    if not old[arn] and not end_of(arn) then
      local task = {
        version = given[1], base = -1, seen = true, freed = false, stamp = ticket, ends = given[6],
        ports = given[5], owner = '-', given[2], given[3], given[4],
      }
      redis.call('HSET', it.key, 'task:' .. arn, task_text(task))
      count(it, task)
    end
  end
end

local function settle_reservations(it, old, meant, owners)
  local function keep(name, found)
    count(it, found)
    if it.expires == 0 or found.till < it.expires then
      it.expires = found.till
    end
  end
  for name, text in pairs(old) do
    local found = parse_reservation(text)
    local standing = reading.standing[name]
    if owners[name] or reading.seen[name] or found.till <= clock or (standing and standing ~= it.arn)
      or (not standing and found.stamp < ticket - SETTLING_MS) then
      redis.call('HDEL', it.key, 'reservation:' .. name)
      if redis.call('HGET', places, name) == it.arn then
        redis.call('HDEL', places, name)
      end
    else
      if standing then
        found.till = till
        redis.call('HSET', it.key, 'reservation:' .. name, reservation_text(found))
      end
      keep(name, found)
      owners[name] = true
    end
  end
  for name, given in pairs(meant) do
    if not owners[name] then
      local new = {
        base = it.version, stamp = ticket, till = till, ends = given[5], ports = given[4],
        given[1], given[2], given[3],
      }
      redis.call('HSET', it.key, 'reservation:' .. name, reservation_text(new))
      redis.call('HSET', places, name, it.arn)
      keep(name, new)
    end
  end
end

local function settle(arn, given, shown, meant)
  local key = cluster .. ':instance:' .. arn
  local it = { arn = arn, key = key, held = { 0, 0, 0 }, pending = { 0, 0, 0 }, held_ports = {}, expires = 0, version = 0 }
  local tasks, reservations = {}, {}
  local flat = redis.call('HGETALL', key)
  local old = {}
  for index = 1, #flat, 2 do
    local field, value = flat[index], flat[index + 1]
    if string.sub(field, 1, 5) == 'task:' then
      tasks[string.sub(field, 6)] = value
    elseif string.sub(field, 1, 12) == 'reservation:' then
      reservations[string.sub(field, 13)] = value
    else
      old[field] = value
    end
  end
  it.version = tonumber(old.version or 0)
  local cpu, memory, digest = tonumber(old.remaining_cpu or 0), tonumber(old.remaining_memory or 0), old.attributes
  if given and given[2] > it.version then
    write_record(key, given, ticket)
    it.version, cpu, memory, digest = given[2], given[4], given[5], given[6]
  end
  total_cpu, total_memory = total_cpu + cpu, total_memory + memory
  digests[digest or ''] = true
  local owners = {}
  settle_tasks(it, tasks, shown, owners)
  settle_reservations(it, reservations, meant, owners)
  local held = string.format('%.0f %.0f %.0f', unpack(it.held))
  local pending = string.format('%.0f %.0f %.0f', unpack(it.pending))
  local ports, expires = table.concat(it.held_ports, ' '), whole(it.expires)
  if old.held ~= held or old.pending ~= pending or old.held_ports ~= ports or old.expires ~= expires then
    redis.call('HSET', key, 'held', held, 'pending', pending, 'held_ports', ports, 'expires', expires)
  end
end

for _, ended in ipairs(reading.ended) do
  if not end_of(ended[1]) then
    remember_end(ended[1], ended[2], false)
  end
end
for digest, text in pairs(reading.attributes) do
  redis.call('HSETNX', cluster .. ':attributes', digest, text)
end

local present = {}
for _, given in ipairs(reading.instances) do
  local arn = given[1]
  local ended = end_of(arn)
  if not ended or ended.version < given[2] then
    if ended then
      redis.call('DEL', cluster .. ':ended:' .. arn)
    end
    present[arn] = true
    settle(arn, given, reading.tasks[arn] or {}, reading.meant[arn] or {})
  end
end
for _, arn in ipairs(redis.call('SMEMBERS', cluster .. ':instances')) do
  if not present[arn] then
    local stamp = redis.call('HGET', cluster .. ':instance:' .. arn, 'stamp')
    if stamp and tonumber(stamp) >= ticket then -- it came after the ticket was drawn
      settle(arn, nil, reading.tasks[arn] or {}, {})
    else
      remove(arn)
    end
  end
end
for _, digest in ipairs(redis.call('HKEYS', cluster .. ':attributes')) do
  if not digests[digest] then
    redis.call('HDEL', cluster .. ':attributes', digest)
  end
end

redis.call('SET', cluster .. ':remaining_cpu', whole(total_cpu))
redis.call('SET', cluster .. ':remaining_memory', whole(total_memory))
redis.call('SET', cluster .. ':as_of', now)
redis.call('SET', cluster .. ':published', whole(ticket))
redis.call('INCR', cluster .. ':generation')
if not epoch then
  local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
  redis.call('SET', cluster .. ':epoch', string.sub(run, 1, 12) .. ARGV[5])
end
return 1
