-- What all scripts share. ARGV[1] is the cluster, ARGV[2] the clock in milliseconds, '' for the server's own.
-- Every number is made a number before it is compared: "98" is more than "100" as text.

local cluster = ARGV[1]
local places = cluster .. ':reservations' -- attempt -> the instance where it has a reservation

local function read_clock()
  if ARGV[2] ~= '' then
    return tonumber(ARGV[2])
  end
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

local clock = read_clock()

local function whole(number)
  return string.format('%.0f', number + 0) -- minus zero would be '-0', which is no integer
end

-- The life of this store: made by a reading, and over when another process serves its keys from a disk.
local function epoch_here()
  local epoch = redis.call('GET', cluster .. ':epoch')
  local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
  if epoch and string.sub(epoch, 1, 12) == string.sub(run, 1, 12) then
    return epoch
  end
  return nil
end

-- Changes with every reading that is published, and with every loss of the store.
local function generation()
  return (epoch_here() or '') .. ':' .. (redis.call('GET', cluster .. ':generation') or '0')
end

-- Tells what came before a ticket was drawn (it is less) from what came after.
local function stamp_now()
  return math.max(tonumber(redis.call('GET', cluster .. ':ticket') or '0'), clock)
end

-- What is gone: its version, and '1' when its end gave room back.
local function end_of(arn)
  local text = redis.call('GET', cluster .. ':ended:' .. arn)
  if not text then
    return nil
  end
  local version, freed = string.match(text, '^(%S+) (%S+)$')
  return { version = tonumber(version), freed = freed == '1' }
end

local function remember_end(arn, version, freed)
  local text = whole(version) .. ' ' .. (freed and '1' or '0')
  redis.call('SET', cluster .. ':ended:' .. arn, text, 'PX', whole(FORGET_MS))
  redis.call('SET', cluster .. ':any_ended', '1', 'PX', whole(FORGET_MS)) -- else nobody need look for one
end
