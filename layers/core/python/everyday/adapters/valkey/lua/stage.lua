-- Prepares rows of a reading where nobody looks. ARGV: the ticket, the number of the first, the rows.

local ticket, first = ARGV[3], tonumber(ARGV[4])
local rows = cmsgpack.unpack(ARGV[5])
redis.call('HSET', cluster .. ':staging', ticket, first + #rows - 1)
local prefix = cluster .. ':staged:' .. ticket .. ':'
for index, fields in ipairs(rows) do
  redis.call('HSET', prefix .. (first + index - 1), unpack(fields))
end
return #rows
