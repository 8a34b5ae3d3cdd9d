-- memlua.option: what a script declares is what it gets; everything else is refused by name.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local option = require "memlua.option"

local declared = {
  name = "test", about = "A test.",
  arguments = { { "file", args = "*" } },
  options = {
    { "limit", "limit", default = "512M", help = "the limit" },
    { "size", "size", help = "the size" },
    { "part", "share" },
    { "hold", "duration", default = "5s" },
    { "delay", "count", default = 2000 },
    { "kind", { "anon", "file" }, default = "anon" },
    { "fast", "flag" },
    { "low", "string", many = true },
  },
}

local function parse(...)
  for key in pairs(host.settings) do host.settings[key] = nil end
  return option.parse(declared, { ... })
end

local defaults = parse()
tap.is({ defaults.limit, defaults.hold, defaults.delay, defaults.kind }, { 512 << 20, 5.0, 2000, "anon" },
  "defaults are converted like what a user gives")
tap.is({ defaults.size, defaults.fast, defaults.runs }, {}, "what has no default and wasn't given is absent")

local given = parse("--limit", "max", "--size=1.5G", "--hold", "200ms", "--kind", "file", "--fast", "-r", "3", "a", "b")
tap.is({ given.limit, given.size, given.hold, given.kind, given.fast, given.runs }, { "max", 3 << 29, 0.2, "file", true, 3 },
  "given ones are converted")
tap.is(given.file, { "a", "b" }, "arguments are collected")
tap.is(host.settings.runs, 3, "a common one is a setting of memlua")
tap.is(parse("--low", "a", "--low", "b").low, { "a", "b" }, "an option that can be repeated is a list")

tap.is({ parse("--part", "12.5%").part, parse("--part", "1M").part, parse("--part", "max").part }, { "12.5%", 1 << 20, "max" },
  "a share is a percentage or a limit")

host.settings.runs = 7
tap.is(option.parse(declared, {}).runs, 7, "a setting from before the script's name is seen")
tap.is(parse("--dry-run").dry_run, true, "dashes become underscores")
tap.is(host.settings.dry_run, true, "in the settings too")

local function refused(pattern, name, ...)
  local args = { ... }
  tap.fails(function() parse(table.unpack(args)) end, pattern, name, 1)
end
refused("unknown option '--limt'\nDid you mean '--limit'?", "an unknown option names the nearest", "--limt", "1M")
refused("--size: 12X: not a size", "12X", "--size", "12X")
refused("--size: 0: ", "size 0", "--size", "0")
refused("--size: -5", "a negative size", "--size", "-5")
refused("--delay: -5: not a whole number", "a negative delay", "--delay", "-5")
refused("--limit: 100: less than one page", "a limit below a page", "--limit", "100")
refused("--part: 5%%%%: not a size", "no percentage", "--part", "5%%")
refused("--runs: 0: not a whole number of 1 or more", "no runs", "--runs", "0")
refused("--runs: abc: not a whole number of 1 or more", "a number that is none", "--runs", "abc")
refused("--memory: 8192T is more than this machine has, ", "more than there is", "--memory", "8192T")
refused("'--kind' must be one of 'anon', 'file'", "a word that isn't allowed", "--kind", "fire")
refused("option '--limit' requires an argument", "a missing value", "--limit")
refused("--vm contradicts --host", "contradicting options", "--vm", "--host")
refused("--quiet contradicts --verbose", "contradicting ones of output", "-q", "-v")
refused("--timeout: 0: must be more than 0", "no time", "--timeout", "0")
refused("--runs: 1e1: not a whole number of 1", "a number that isn't written in digits", "--runs", "1e1")
refused("--seed: 9223372036854775808: not a whole number", "more than 64 bits", "--seed", "9223372036854775808")
tap.is(parse("--seed", "9223372036854775807").seed, math.maxinteger, "a seed of 64 bits")

-- ---- before the script's name: the same values are taken and refused ---------------------------------------------

local quote <const> = require "memlua.base.sys".quote
local SHOW <const> = quote [[local s = require "memlua.host".settings print(s.seed or s.timeout or s.memory or s.runs)]]
local function before(words)
  return require "shell".said(("%s %s -e %s"):format(quote(host.executable()), words, SHOW))
end
tap.is(before "--seed 9223372036854775807", "9223372036854775807\n", "a seed of 64 bits")
tap.is(before "--timeout 90500ms", "90.5\n", "a time")
for words, why in pairs { ["--seed 9223372036854775808"] = "--seed: '9223372036854775808'", ["--timeout 0"] = "must be more than 0",
  ["--memory 0"] = "nothing would be left", ["--runs 1e1"] = "--runs: '1e1'", ["-q -v"] = "contradicts" } do
  local text, status = before(words)
  tap.ok(status == 1 and text:find(why, 1, true), words .. " is refused", text, status)
end

host.setenv("MEMLUA_RUNS", "none")
tap.like(before "", "'none' is not a number of 1 or more\n.*\nmemlua: the environment says so: MEMLUA_RUNS=none\n",
  "a bad value of the environment is told as such")
host.setenv("MEMLUA_RUNS")

-- ---- said once: the command line, every script and the environment take what the table has -------------------------

local said = require "shell".said
local everywhere = said(quote(host.executable()) .. " --help")
local in_a_script = said(quote(host.executable()) .. " -e "
  .. quote [[require "memlua.option".parse({ name = "one" }, { "--help" })]])
local VALUES <const> = { string = "x", count = "3", positive = "3", timeout = "3", size = "3M" }
local settings = 0
for _, spec in ipairs(host.options()) do
  if spec.taken ~= "first" then
    settings = settings + 1
    local long = "%-%-" .. spec[1]:gsub("%-", "%%-")
    tap.like(everywhere, "\n  [-%w, ]*" .. long .. "%f[%s]", "memlua --help has --" .. spec[1])
    tap.like(in_a_script, "\n  [-%w, ]*" .. long .. "%f[%s]", "so has a script's")
    local value = spec[2] == "flag" and "1" or type(spec[2]) == "table" and spec[2][2] or VALUES[spec[2]]
    local key = spec[1]:gsub("-", "_")
    if key ~= "vm" then -- that would boot one
      tap.is(said(("MEMLUA_%s=%s %s -e %s"):format(key:upper(), value, quote(host.executable()),
        quote(('print(require "memlua.host".settings[%q] ~= nil)'):format(key)))), "true\n", "and the environment")
    end
  end
end
tap.ok(settings >= 18, "there are settings at all", settings)

refused("Try 'memlua test --help'", "the way to help", "--nonsense")

tap.done()
