-- Some instances, field by field. ARGV: their ARNs. The generation says whether a reading came between.

local found = {}
for index, arn in ipairs(cmsgpack.unpack(ARGV[3])) do
  found[index] = redis.call('HGETALL', cluster .. ':instance:' .. arn)
end
return cmsgpack.pack({ generation(), clock, found })
