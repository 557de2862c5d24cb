-- Applies one task's record. ARGV: the task, '1' when it is stopped, when it should end.

local given, is_stopped, ends = read_task(ARGV[3]), ARGV[4] == '1', ARGV[5]

local ended = end_of(given.arn)
if ended then
  return { 0, is_stopped and ended.freed and 1 or 0 }
end
if is_stopped then
  local freed = stop(given)
  flush()
  return { 1, freed and 1 or 0 }
end
if given.instance == '' or end_of(given.instance) then
  return { 0, 0 }
end

local it = at(given.instance)
local before = vacancy(it)
local reservation = drop(given.started_by)
local owner, base = '-', -1
if reservation then
  owner, base = given.started_by, reservation.base
  if ends == '-' then
    ends = reservation.ends
  end
end
local task, newer = note(it, given, ends, owner, base)
task.seen = true
count(it, task)
local has_gained = gained(vacancy(it), before)
task.freed = has_gained or (task.freed and not newer)
write_task(it, given.arn, task)
flush()
return { newer and 1 or 0, (has_gained or (task.freed and task.version == given.version)) and 1 or 0 }
