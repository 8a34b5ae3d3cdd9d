-- Makes and closes each handle that needs no rights so many times, for a tool that watches memory and descriptors.
--   memlua tests/lib/cycles.lua [N]; make check-valgrind
package.path = arg[0]:match "^(.*)/[^/]*$" .. "/?.lua;" .. package.path
local host = require "memlua.host"
local json = require "memlua.json"
local policy = require "memlua.policy"
local sys = require "memlua.base.sys"
local worker = require "memlua.worker"

local n <const> = tonumber(arg[1]) or 1000
local outer <close> = assert(host.scratch())
local scratch <const> = outer:path()
assert(host.mkdir(scratch .. "/lock"))

local function descriptors() return #sys.names "/proc/self/fd" end

local CYCLES <const> = {
  { "worker", function() local w <close> = assert(worker.spawn(nil, { size = 4096, name = "x" })) assert(w:wait(60)) end },
  { "killed worker", function() local w <close> = assert(worker.spawn(nil, { size = 4096, hold = 60 })) return w end },
  { "lock", function() local lock <close> = assert(host.lock(scratch .. "/lock")) return lock end },
  { "scratch", function() local owned <close> = assert(host.scratch()) return owned end },
  { "json", function() assert(json.write(scratch .. "/x.json", { a = { 1, 2, "x" } })) end },
  { "saved", function() assert(host.save(scratch .. "/saved", "text")) end },
  { "policy", function() assert(policy.describe "priority") end },
}
-- valgrind knows no clone3()
local _, why <const> = worker.spawn(nil, { size = 4096 })
local bornless <const> = why and why:find "clone3" ~= nil

local function repeated(name, make)
  make()
  collectgarbage()
  local before = descriptors()
  for _ = 1, n do make() end
  collectgarbage()
  assert(descriptors() == before, name .. ": descriptors were lost")
  print(("%s: %d cycles, %d descriptors before and after"):format(name, n, before))
end

for _, cycle in ipairs(CYCLES) do
  if bornless and cycle[1]:find "worker" then print(cycle[1] .. ": not here: " .. why) else repeated(cycle[1], cycle[2]) end
end
