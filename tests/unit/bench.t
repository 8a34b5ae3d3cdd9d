-- precision.lua, overhead.lua, cache.lua and their like: their options, what they would run, and bad input. Nothing is measured.
local tests = arg[0]:match "^(.*)/[^/]*/[^/]*$"
package.path = tests .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local shell = require "shell"

local quote <const> = require "memlua.base.sys".quote

local function output_of(script, arguments)
  return shell.said(("%s %s %s"):format(quote(host.executable()), quote(tests .. "/../scripts/" .. script), arguments))
end

local function lines(text)
  local count = 0
  for _ in text:gmatch "\n" do count = count + 1 end
  return count
end

for _, script in ipairs { "precision", "overhead", "cache", "attaching", "calls", "scale" } do
  local text, status = output_of(script .. ".lua", "--help")
  tap.ok(status == 0 and text:find("^Usage: memlua [^ ]*" .. script), script .. " --help", text)
end

local text, status = output_of("precision.lua", "--dry-run -q --runs 2 --delay 20 --delay 40 --seed 1")
tap.ok(status == 0 and lines(text) == 6, "precision: two blocks of two delays and none", text)
tap.ok(text:find "006%-" and text:find "20ms" and text:find "40ms" and text:find "%-0ms", "each by its id", text)
tap.is(output_of("precision.lua", "--dry-run -q --runs 2 --delay 20 --delay 40 --seed 1"), text, "equal seeds, equal order")

text, status = output_of("overhead.lua", "--dry-run -q --runs 1")
tap.is({ status, lines(text) }, { 0, 8 }, "overhead: no policy, one elsewhere, and three policies in two roles")
text, status = output_of("overhead.lua", "--dry-run -q --runs 1 --among 500")
tap.ok(status == 0 and lines(text) == 10 and text:find "reserve%-first%-of%-500" and text:find "reserve%-last%-of%-500", "and reserve among many", text)

text, status = output_of("cache.lua", "--dry-run -q --lru both --strategy none --strategy below_low")
tap.is({ status, lines(text) }, { 0, 4 }, "cache: two strategies on two LRUs")
tap.ok(text:find "none%-classic" and text:find "below_low%-mglru", "named by both", text)

text, status = output_of("scale.lua", "--dry-run -q --tenants 1000")
tap.is({ status, lines(text) }, { 0, 5 }, "scale: five numbers of tenants")
for _, n in ipairs { 10, 32, 100, 316, 1000 } do tap.like(text, ("%%-%d%%-tenants\n"):format(n), n .. " among them") end

for _, case in ipairs {
  { "precision.lua", "--delay 2001", "--delay 2001: the kernel clamps a sleep to 2000 ms" },
  { "precision.lua", "--delay 0", "--delay: 0: not a whole number of 1 or more" },
  { "precision.lua", "--samples 1.5", "--samples: 1.5: not a whole number of 1 or more" },
  { "precision.lua", "--runs 0", "--runs: 0: not a whole number of 1 or more" },
  { "overhead.lua", "--size 65M", "--size: more than 64M" },
  { "overhead.lua", "--size 0", "--size: 0: nothing would be left" },
  { "cache.lua", "--strategy belowlow", "--strategy" },
  { "cache.lua", "--lru old", "--lru" },
  { "attaching.lua", "--tenants 0", "--tenants 0: there would be nobody to attach to" },
  { "scale.lua", "--tenants 19", "--tenants 19: less than 20; growth is seen between 10 and more of them" },
  { "calls.lua", "--soft often", "--soft" },
  { "cache.lua", "--limit 1K", "less than one page" },
} do
  local script, arguments, why = table.unpack(case)
  text, status = output_of(script, arguments)
  tap.ok(status == 1 and text:find(why, 1, true), script .. " " .. arguments, text, status)
end

tap.done()
