-- Publishes the rows that were prepared, all in this step or none.
-- ARGV: the ticket, the ticket of the reading it was made from, the caller's clock, an epoch's random part,
-- what is to be done. That: `rows` {ARN, its `changes` as they were, row, CPU and memory that is more, its
-- record's version, tasks that must not have ended}, a row of 0 removes it; how many were `staged`, of which
-- `wasted` ones are not used; reservations `dropped` and `placed`; tasks that `stopped`; `attributes` by
-- digest, those that are `unused` if there were no more than `changes`.
-- Returns {1} when it was published (now or before), {0} when a newer one was, else {2, what changed
-- meanwhile, what has ended meanwhile}: then nothing was done.

local ticket, seen, now, given = tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5], cmsgpack.unpack(ARGV[7])
local epoch = epoch_here()
local published = epoch and tonumber(redis.call('GET', cluster .. ':published') or '0') or 0
if ticket <= published then
  return { ticket == published and 1 or 0 }
end
local is_staged = given.staged == 0 or redis.call('HEXISTS', cluster .. ':staging', ARGV[3]) == 1
if published ~= seen or not is_staged then
  return { 2, {}, {} }
end

local changed, ended = {}, {}
local any_ended = redis.call('EXISTS', cluster .. ':any_ended') == 1

local function check_ends(row)
  local found = end_of(row[1])
  if found and found.version >= row[6] then
    changed[#changed + 1] = row[1]
    ended[#ended + 1] = row[1]
  end
  for _, arn in ipairs(row[7]) do
    if end_of(arn) then
      changed[#changed + 1] = row[1]
      ended[#ended + 1] = arn
    end
  end
end

for _, row in ipairs(given.rows) do
  if (redis.call('HGET', cluster .. ':instance:' .. row[1], 'changes') or '') ~= row[2] then
    changed[#changed + 1] = row[1]
  elseif any_ended and row[3] ~= 0 then
    check_ends(row)
  end
end
if #changed > 0 then
  return { 2, changed, ended }
end

local prefix = cluster .. ':staged:' .. ARGV[3] .. ':'
local cpu, memory, joined = 0, 0, {}
local function join()
  if #joined > 0 then
    redis.call('SADD', cluster .. ':instances', unpack(joined))
    joined = {}
  end
end
for _, row in ipairs(given.rows) do
  local key = cluster .. ':instance:' .. row[1]
  cpu, memory = cpu + row[4], memory + row[5]
  if row[3] == 0 then
    redis.call('DEL', key)
    redis.call('SREM', cluster .. ':instances', row[1])
  else
    redis.call('RENAME', prefix .. row[3], key)
    if row[2] == '' then
      joined[#joined + 1] = row[1]
      if #joined == 1000 then
        join()
      end
    end
    if any_ended then
      redis.call('DEL', cluster .. ':ended:' .. row[1])
    end
  end
end
join()
for _, row in ipairs(given.wasted) do
  redis.call('DEL', prefix .. row)
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
redis.call('HDEL', cluster .. ':staging', ARGV[3])
redis.call('SET', cluster .. ':as_of', now)
redis.call('SET', cluster .. ':published', whole(ticket))
redis.call('INCR', cluster .. ':generation')
if not epoch then
  local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
  redis.call('SET', cluster .. ':epoch', string.sub(run, 1, 12) .. ARGV[6])
end
return { 1 }
