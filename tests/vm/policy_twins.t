-- priority, reserve and template in Lua on a real kernel: they stand in for those in C in the tests of these.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local policy = require "memlua.policy"
local tap = require "tap"

local folder = arg[0]:match "^(.*)/"
local twins = {}
for _, name in ipairs { "priority", "reserve", "template" } do
  twins[name] = dofile(folder .. "/../../bpf/policies/" .. name .. ".lua")
  twins[name]:object() -- on the machine, before the kernel is used: clang takes long in an emulated microVM
end

local attach, attached = policy.attach, {}
function policy.attach(name, spec)
  if twins[name] then attached[name] = true end
  return attach(twins[name] or name, spec)
end

local done = tap.done
function tap.done() end
for _, name in ipairs { "priority", "reserve", "nested" } do
  dofile(("%s/%s.t"):format(folder, name))
  collectgarbage() -- its cgroups go
end
policy.attach, tap.done = attach, done

tap.is(attached, { priority = true, reserve = true, template = true }, "each stood in")
tap.done()
