-- What the parts of a view belong to: epoch, time of the last reading, generation, the instances.

local epoch = epoch_here()
if not epoch then
  return nil
end
return cmsgpack.pack({
  epoch, tonumber(redis.call('GET', cluster .. ':as_of')), generation(),
  redis.call('SMEMBERS', cluster .. ':instances'),
})
