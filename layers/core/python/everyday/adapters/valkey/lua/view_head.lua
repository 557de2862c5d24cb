-- What there is: the epoch ('' when nothing usable is here), the time and the ticket of the last reading, the
-- generation, the number of changes so far, how many sets of attributes are kept, the instances; and each
-- field by field, when there are at most ARGV[3]: then this one look is all that is needed.

local epoch = epoch_here()
local function number(name)
  return tonumber(redis.call('GET', cluster .. ':' .. name) or '0')
end
local names, found = redis.call('SMEMBERS', cluster .. ':instances'), {}
if #names <= tonumber(ARGV[3]) then
  for index, arn in ipairs(names) do
    found[index] = redis.call('HGETALL', cluster .. ':instance:' .. arn)
  end
end
return cmsgpack.pack({
  epoch or '', number('as_of'), epoch and number('published') or 0, generation(), number('changes'), clock,
  redis.call('HLEN', cluster .. ':attributes'), names, found,
})
