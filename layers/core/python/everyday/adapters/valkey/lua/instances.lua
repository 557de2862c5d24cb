-- Instances: loaded once a script, changed in the loaded copy, and written back by `flush`.

local loaded = {}

-- `remaining` lacks a task once it was seen and the version rose; a reservation never (it has no `seen`).
local function is_pending(it, hold)
  return not (hold.seen and it.version > hold.base)
end

local function count(it, hold)
  for part = 1, 3 do
    it.held[part] = it.held[part] + hold[part]
    if is_pending(it, hold) then
      it.pending[part] = it.pending[part] + hold[part]
    end
  end
  for _, port in ipairs(ports_of(hold.ports)) do
    it.held_ports[#it.held_ports + 1] = port
  end
  it.dirty = true
end

local function uncount(it, hold)
  for part = 1, 3 do
    it.held[part] = it.held[part] - hold[part]
    if is_pending(it, hold) then
      it.pending[part] = it.pending[part] - hold[part]
    end
  end
  for _, port in ipairs(ports_of(hold.ports)) do
    for index, held in ipairs(it.held_ports) do
      if held == port then
        table.remove(it.held_ports, index)
        break
      end
    end
  end
  it.dirty = true
end

local function each_hold(it, prefix, visit)
  local flat = redis.call('HGETALL', it.key)
  for index = 1, #flat, 2 do
    if string.sub(flat[index], 1, #prefix) == prefix then
      visit(string.sub(flat[index], #prefix + 1), flat[index + 1])
    end
  end
end

local function sweep(it)
  local earliest = 0
  each_hold(it, 'reservation:', function(name, text)
    local found = parse_reservation(text)
    if found.till <= clock then
      redis.call('HDEL', it.key, 'reservation:' .. name)
      redis.call('HDEL', places, name)
      uncount(it, found)
    elseif earliest == 0 or found.till < earliest then
      earliest = found.till
    end
  end)
  it.expires = earliest
  it.dirty = true
end

local ABOUT = '^(%S+) (%S+) (%S+) (%S+) (%S+) %S+$'
local UNKNOWN = '0 0 0 0 - -'
local STATE = '^(%S+) (%S+) (%S+) (%S+)$'
local HELD = '^(%S+) (%S+) (%S+) (%S+) (%S+) (%S+)$'
local UNTOUCHED = '0 0 0 0'
local NOTHING = '0 0 0 0 0 0'

-- `about` is {version, agent, GPUs registered and left, attributes' digest, EC2 id}, `state` {stamp, suspect,
-- freed, expires}, `held` what all holds come to and then the part of it that `remaining` does not show.
local function at(arn)
  if loaded[arn] then
    return loaded[arn]
  end
  local key = cluster .. ':instance:' .. arn
  local found = redis.call(
    'HMGET', key, 'status', 'registered_cpu', 'registered_memory', 'remaining_cpu', 'remaining_memory',
    'about', 'ports', 'state', 'held', 'held_ports'
  )
  local version, agent, registered_gpu, remaining_gpu, digest = string.match(found[6] or UNKNOWN, ABOUT)
  local stamp, suspect, freed, expires = string.match(found[8] or UNTOUCHED, STATE)
  local h1, h2, h3, p1, p2, p3 = string.match(found[9] or NOTHING, HELD)
  local it = {
    arn = arn, key = key, known = found[6] ~= false, version = tonumber(version),
    open = found[1] == 'ACTIVE' and agent == '1',
    registered = { tonumber(found[2] or 0), tonumber(found[3] or 0), tonumber(registered_gpu) },
    remaining = { tonumber(found[4] or 0), tonumber(found[5] or 0), tonumber(remaining_gpu) },
    ports = words(found[7] or ''), attributes = digest,
    stamp = (found[6] or found[8]) and tonumber(stamp) or nil,
    suspect = tonumber(suspect), freed = freed == '1', expires = tonumber(expires),
    held = { tonumber(h1), tonumber(h2), tonumber(h3) },
    pending = { tonumber(p1), tonumber(p2), tonumber(p3) },
    held_ports = words(found[10] or ''),
  }
  loaded[arn] = it
  if it.expires > 0 and it.expires <= clock then
    sweep(it)
  end
  return it
end

-- `changes` is another number after every change: a reading is not written over what it did not see.
local function flush()
  local change
  for _, it in pairs(loaded) do
    if it.dirty then
      change = change or redis.call('INCR', cluster .. ':changes')
      local state = string.format('%.0f %.0f %s %.0f', it.stamp, it.suspect, it.freed and '1' or '0', it.expires)
      local held = string.format(
        '%.0f %.0f %.0f %.0f %.0f %.0f', it.held[1], it.held[2], it.held[3], it.pending[1], it.pending[2],
        it.pending[3]
      )
      redis.call(
        'HSET', it.key, 'state', state, 'held', held, 'held_ports', table.concat(it.held_ports, ' '),
        'changes', change
      )
      it.dirty = false
    end
  end
end

-- What may be given away: counted twice, and the smaller count is believed.
local function free(it, part)
  local known = it.registered[part] - it.held[part]
  local shown = it.remaining[part] - it.pending[part]
  return math.max(0, math.min(known, shown))
end

local function ports_in_use(it)
  local used = {}
  for _, port in ipairs(it.ports) do
    used[port] = true
  end
  for _, port in ipairs(it.held_ports) do
    used[port] = true
  end
  return used
end

local function vacancy(it)
  return {
    usable = it.known and it.open and it.suspect <= clock, free(it, 1), free(it, 2), free(it, 3),
    ports = ports_in_use(it), attributes = it.attributes,
  }
end

-- Whether something may start there now that could not start before.
local function gained(now, before)
  if not (now.usable and before.usable) then
    return now.usable
  end
  for port in pairs(before.ports) do
    if not now.ports[port] then
      return true
    end
  end
  return now[1] > before[1] or now[2] > before[2] or now[3] > before[3] or now.attributes ~= before.attributes
end

-- Drops a reservation wherever it is. nil when there is none, or its time is over.
local function drop(name)
  local arn = redis.call('HGET', places, name)
  if not arn then
    return nil
  end
  local it = at(arn)
  local text = redis.call('HGET', it.key, 'reservation:' .. name)
  redis.call('HDEL', places, name)
  if not text then
    return nil
  end
  local found = parse_reservation(text)
  redis.call('HDEL', it.key, 'reservation:' .. name)
  uncount(it, found)
  return found
end

-- Takes a task's record if it is newer. What is known of its end stays known.
local function note(it, given, ends, owner, base)
  local stamp = stamp_now()
  if not it.known then -- what is on an instance may be told before the instance
    it.stamp = stamp
    redis.call('SADD', cluster .. ':instances', it.arn)
  end
  local text = redis.call('HGET', it.key, 'task:' .. given.arn)
  if not text then
    return {
      version = given.version, base = base, seen = false, freed = false, stamp = stamp, ends = ends,
      ports = given.ports, owner = owner, given[1], given[2], given[3],
    }, true
  end
  local task = parse_task(text)
  uncount(it, task)
  local newer = given.version > task.version
  if newer then
    task[1], task[2], task[3], task.ports = given[1], given[2], given[3], given.ports
    task.version, task.stamp = given.version, stamp
  end
  if task.ends == '-' or (newer and ends ~= '-') then
    task.ends = ends
  end
  if task.owner == '-' then
    task.owner = owner
  end
  return task, newer
end

local function write_task(it, arn, task)
  redis.call('HSET', it.key, 'task:' .. arn, task_text(task))
  it.dirty = true
end

-- Gives a task's room back and remembers that it was done; whether room became usable.
local function stop(given)
  local it = given.instance ~= '' and at(given.instance) or nil
  local before = it and vacancy(it)
  drop(given.started_by)
  if it then
    local text = redis.call('HGET', it.key, 'task:' .. given.arn)
    if text then
      redis.call('HDEL', it.key, 'task:' .. given.arn)
      uncount(it, parse_task(text))
    end
  end
  local freed = it ~= nil and gained(vacancy(it), before)
  remember_end(given.arn, given.version, freed)
  return freed
end

local function read_task(text)
  local given = cmsgpack.unpack(text)
  return {
    arn = given[1], version = given[2], given[3], given[4], given[5], ports = given[6], instance = given[7],
    started_by = given[8],
  }
end
