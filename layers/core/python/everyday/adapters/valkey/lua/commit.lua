-- Publishes what a reading changes, all in this step or nothing.
-- ARGV: the ticket, the ticket of the reading it was made from, the caller's clock, an epoch's random part,
-- what is to be done. That: `plain` records of instances that nothing is on {ARN, its `changes` as they were,
-- version, the values of the fields}, where '?' for `changes` asks to see here whether that is so; `rows` {ARN, its `changes`, version, fields and values to write, fields
-- to delete, tasks that must not have ended}, `gone` {ARN, its `changes`}; reservations `dropped` and `placed`;
-- tasks that `stopped`; `attributes` by digest, those that are `unused` if there were no more than `changes`.
-- Returns {1} when it was published (now or before), {0} when a newer one was, else {2, what changed
-- meanwhile, what has ended meanwhile}: then nothing was done.

local ticket, seen, now, given = tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5], cmsgpack.unpack(ARGV[7])
local prefix, members = cluster .. ':instance:', cluster .. ':instances'
local epoch = epoch_here()
local published = epoch and tonumber(redis.call('GET', cluster .. ':published') or '0') or 0
if ticket <= published then
  return { ticket == published and 1 or 0 }
end
if published ~= seen then
  return { 2, {}, {} }
end

local changed, ended, cpu, memory = {}, {}, 0, 0
local is_empty = redis.call('EXISTS', members) == 0
local any_ended = redis.call('EXISTS', cluster .. ':any_ended') == 1

local function check_end(row, arn, version)
  local found = end_of(arn)
  if found and found.version >= version then
    changed[#changed + 1] = row[1]
    ended[#ended + 1] = arn
  end
end

-- Nobody looked at the instance: only a record that is newer, of one that nothing is on, is written.
local function look(row)
  local key = prefix .. row[1]
  local found = redis.call('HMGET', key, 'changes', 'remaining_cpu', 'remaining_memory', 'about')
  local others = redis.call('HLEN', key) - (found[1] and 1 or 0)
  row[2] = found[4] and 'known' or ''
  if others ~= (found[4] and 8 or 0) then
    changed[#changed + 1] = row[1]
  elseif found[4] and tonumber(string.match(found[4], '^%d+')) >= row[3] then
    row.is_old = true
  else
    cpu, memory = cpu - tonumber(found[2] or 0), memory - tonumber(found[3] or 0)
  end
end

-- Whether the instance is as it was looked at, and nothing that is new in it has ended.
local function check(row)
  if is_empty and (row[2] == '?' or row[2] == '') then
    row[2] = ''
  elseif row[2] == '?' then
    look(row)
  else
    local found = redis.call('HMGET', prefix .. row[1], 'changes', 'remaining_cpu', 'remaining_memory')
    if (found[1] or '') ~= row[2] then
      changed[#changed + 1] = row[1]
    end
    cpu, memory = cpu - tonumber(found[2] or 0), memory - tonumber(found[3] or 0)
  end
  if any_ended and row[3] then
    check_end(row, row[1], row[3])
  end
end

if any_ended or not is_empty then
  for _, row in ipairs(given.plain) do
    check(row)
  end
end
for _, row in ipairs(given.gone) do
  check(row)
end
for _, row in ipairs(given.rows) do
  check(row)
  for _, arn in ipairs(any_ended and row[6] or {}) do
    check_end(row, arn, 0)
  end
end
if #changed > 0 then
  return { 2, changed, ended }
end

local joined = {}
local function join(least)
  if #joined >= least then
    redis.call('SADD', members, unpack(joined))
    joined = {}
  end
end
local function write(row, remaining_cpu, remaining_memory)
  cpu, memory = cpu + remaining_cpu, memory + remaining_memory
  if row[2] == '' or row[2] == '?' then
    joined[#joined + 1] = row[1]
    join(1000)
  end
  if any_ended then
    redis.call('DEL', cluster .. ':ended:' .. row[1])
  end
end

for _, row in ipairs(given.plain) do
  if not row.is_old then
    redis.call(
      'HSET', prefix .. row[1], 'status', row[4], 'active_tasks', row[5], 'registered_cpu', row[6],
      'registered_memory', row[7], 'remaining_cpu', row[8], 'remaining_memory', row[9], 'about', row[10],
      'ports', row[11]
    )
    write(row, row[8], row[9])
  end
end
for _, row in ipairs(given.rows) do
  local key = prefix .. row[1]
  if #row[4] > 0 then
    redis.call('HSET', key, unpack(row[4]))
  end
  if #row[5] > 0 then
    redis.call('HDEL', key, unpack(row[5]))
  end
  local left = redis.call('HMGET', key, 'remaining_cpu', 'remaining_memory')
  write(row, left[1] or 0, left[2] or 0)
end
join(1)
for _, row in ipairs(given.gone) do
  redis.call('DEL', prefix .. row[1])
  redis.call('SREM', members, row[1])
end

for _, name in ipairs(given.dropped) do
  redis.call('HDEL', places, name)
end
for name, arn in pairs(given.placed) do
  redis.call('HSET', places, name, arn)
end
for _, task in ipairs(given.stopped) do
  if not end_of(task[1]) then
    remember_end(task[1], task[2], false)
  end
end
for digest, text in pairs(given.attributes) do
  redis.call('HSETNX', cluster .. ':attributes', digest, text)
end
if tonumber(redis.call('GET', cluster .. ':changes') or '0') == given.changes then
  for _, digest in ipairs(given.unused) do
    redis.call('HDEL', cluster .. ':attributes', digest)
  end
end
redis.call('INCRBY', cluster .. ':remaining_cpu', whole(cpu))
redis.call('INCRBY', cluster .. ':remaining_memory', whole(memory))
redis.call('SET', cluster .. ':as_of', now)
redis.call('SET', cluster .. ':published', whole(ticket))
redis.call('INCR', cluster .. ':generation')
if not epoch then
  local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
  redis.call('SET', cluster .. ':epoch', string.sub(run, 1, 12) .. ARGV[6])
end
return { 1 }
