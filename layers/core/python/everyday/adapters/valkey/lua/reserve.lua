-- Reserves what still fits, in the order given. ARGV: the epoch, the caller's clock, the units.
-- A unit is given whole or not at all: {attempt, instance, cpu, memory, gpu, end, ports, attributes} each.
-- Whatever changed since the plan was made is looked at again here: room, ports, attributes, openness.
-- Returns the numbers of the units that were given.

local units, now = cmsgpack.unpack(ARGV[5]), tonumber(ARGV[4])
if epoch_here() ~= ARGV[3] then
  return {}
end

local known_attributes = {}
local function attributes_of(digest)
  if not known_attributes[digest] then
    local text = redis.call('HGET', cluster .. ':attributes', digest)
    known_attributes[digest] = text and cjson.decode(text) or {}
  end
  return known_attributes[digest]
end

local function satisfies(it, wanted)
  for _, text in ipairs(wanted) do
    local name, value = string.match(text, '^([^=]*)=(.*)$')
    local found = attributes_of(it.attributes)[name or text]
    if found == nil or (value and found ~= value) then
      return false
    end
  end
  return true
end

local function admits(it, want)
  if not (it.known and it.open and it.suspect <= clock and it.suspect <= now) then
    return false
  end
  for part = 1, 3 do
    if want[part + 2] > free(it, part) then
      return false
    end
  end
  if want[7] ~= '-' then
    local used = ports_in_use(it)
    for _, port in ipairs(ports_of(want[7])) do
      if used[port] then
        return false
      end
    end
  end
  return #want[8] == 0 or satisfies(it, want[8])
end

local stamp, till = stamp_now(), clock + RESERVATION_MS

local function give(unit)
  local made = {}
  for _, want in ipairs(unit) do
    local it = at(want[2])
    if redis.call('HGET', places, want[1]) ~= want[2] then
      if not admits(it, want) then
        for _, undone in ipairs(made) do
          uncount(undone.it, undone)
        end
        return false
      end
      local new = {
        it = it, name = want[1], base = it.version, stamp = stamp, till = till, ends = want[6],
        ports = want[7], want[3], want[4], want[5],
      }
      count(it, new)
      made[#made + 1] = new
    end
  end
  for _, new in ipairs(made) do
    drop(new.name)
    redis.call('HSET', new.it.key, 'reservation:' .. new.name, reservation_text(new))
    redis.call('HSET', places, new.name, new.it.arn)
    if new.it.expires == 0 or till < new.it.expires then
      new.it.expires = till
    end
  end
  return true
end

local given = {}
for number, unit in ipairs(units) do
  if give(unit) then
    given[#given + 1] = number
  end
end
flush()
return given
