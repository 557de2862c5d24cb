-- What there is: the epoch ('' when nothing usable is here), the time and the ticket of the last reading, the
-- generation, the number of changes so far, how many sets of attributes are kept, the instances.

local epoch = epoch_here()
local function number(name)
  return tonumber(redis.call('GET', cluster .. ':' .. name) or '0')
end
return cmsgpack.pack({
  epoch or '', number('as_of'), epoch and number('published') or 0, generation(), number('changes'), clock,
  redis.call('HLEN', cluster .. ':attributes'), redis.call('SMEMBERS', cluster .. ':instances'),
})
