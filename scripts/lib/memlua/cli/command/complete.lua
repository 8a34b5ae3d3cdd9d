--- memlua complete WORD...: what a shell asks for the last word of a command line: lines "WORD<tab>HELP", then which of
--- the file system fits as well (memlua.cli.complete).
local list, also = require "memlua.cli.complete".candidates(arg)
for _, candidate in ipairs(list) do print(candidate[1] .. "\t" .. candidate[2]) end
print(also)
