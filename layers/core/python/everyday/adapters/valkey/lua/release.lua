-- Gives reservations up. ARGV: the attempts.

for index = 3, #ARGV do
  drop(ARGV[index])
end
flush()
return 1
