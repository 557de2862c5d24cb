-- The epoch and the number of the last pass; nothing when nothing usable is here.

local epoch = epoch_here()
return epoch and (epoch .. ':' .. (redis.call('GET', cluster .. ':pass') or '0'))
