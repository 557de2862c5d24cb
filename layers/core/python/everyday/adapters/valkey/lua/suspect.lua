-- Closes an instance for a while. ARGV: the instance, until when.

local it = at(ARGV[3])
if it.stamp then
  it.suspect, it.dirty = math.max(it.suspect, tonumber(ARGV[4])), true
end
flush()
return 1
