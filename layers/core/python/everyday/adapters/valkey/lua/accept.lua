-- ECS took a reserved job. ARGV: the attempt, the task, '1' when it is stopped, the job's instance.

local name, given, is_stopped = ARGV[3], read_task(ARGV[4]), ARGV[5] == '1'

local reservation = drop(name)
local arn = given.instance ~= '' and given.instance or ARGV[6]
if is_stopped then
  if not end_of(given.arn) then
    stop(given)
  end
elseif arn ~= '' and not end_of(arn) and not end_of(given.arn) then
  local it = at(arn)
  local task = note(it, given, reservation and reservation.ends or '-', name, it.version)
  count(it, task)
  write_task(it, given.arn, task)
end
flush()
return 1
