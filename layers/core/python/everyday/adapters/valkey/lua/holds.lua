local function words(text)
  local found = {}
  for word in string.gmatch(text, '[^ ]+') do
    found[#found + 1] = word
  end
  return found
end

local function ports_of(text)
  local found = {}
  if text ~= '-' then
    for port in string.gmatch(text, '[^,]+') do
      found[#found + 1] = port
    end
  end
  return found
end

-- Holds: tasks and reservations, one line of text each. `ends` and `owner` are '-' when nobody knows.

local TASK = '^(%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+)$'
local RESERVATION = '^(%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+)$'

local function parse_task(text)
  local version, base, seen, freed, stamp, ends, cpu, memory, gpu, ports, owner = string.match(text, TASK)
  return {
    version = tonumber(version), base = tonumber(base), seen = seen == '1', freed = freed == '1',
    stamp = tonumber(stamp), ends = ends, ports = ports, owner = owner,
    tonumber(cpu), tonumber(memory), tonumber(gpu),
  }
end

local function task_text(task)
  return string.format(
    '%.0f %.0f %s %s %.0f %s %.0f %.0f %.0f %s %s',
    task.version, task.base, task.seen and '1' or '0', task.freed and '1' or '0', task.stamp, task.ends,
    task[1], task[2], task[3], task.ports, task.owner
  )
end

local function parse_reservation(text)
  local base, stamp, till, ends, cpu, memory, gpu, ports = string.match(text, RESERVATION)
  return {
    base = tonumber(base), stamp = tonumber(stamp), till = tonumber(till), ends = ends, ports = ports,
    tonumber(cpu), tonumber(memory), tonumber(gpu),
  }
end

local function reservation_text(it)
  return string.format(
    '%.0f %.0f %.0f %s %.0f %.0f %.0f %s',
    it.base, it.stamp, it.till, it.ends, it[1], it[2], it[3], it.ports
  )
end
