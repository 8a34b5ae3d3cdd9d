-- The tutorial shows its scripts as they are, each of them is understood, and the commands are memlua's.
local tests = arg[0]:match "^(.*)/[^/]*/[^/]*$"
package.path = tests .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local transcript = require "transcript"

local root = tests .. "/.."
local page = io.open(root .. "/scripts/tutorial/README.md"):read "a"
local quote <const> = require "memlua.base.sys".quote

tap.ok(transcript.with_files(page, root) == page, "the page shows the scripts as they are; tests/vm/tutorial.t --update renews it")

local shown, commands = { ["scripts/tutorial/own-policy.lua"] = true }, {} -- that one is in the guide
transcript.each(page, function(info, body)
  local path = info:match "^lua (.+)"
  if path then shown[path] = true end
  for _, command in ipairs(info == "console" and transcript.commands(body) or {}) do commands[#commands + 1] = command end
end)
local pipe <close> = io.popen("cd " .. quote(root) .. " && ls scripts/tutorial/*.lua")
for path in pipe:lines() do
  tap.ok(shown[path], path .. " is on the page")
  local source = io.open(root .. "/" .. path):read "a"
  tap.ok(load(source), path .. " is Lua")
  tap.ok(select(2, source:gsub("\n", "")) <= 60, path .. " is short")
end

tap.ok(#commands >= 8, "the page has commands", #commands)
for _, command in ipairs(commands) do
  tap.ok(command[1]:find "^memlua " or command[1]:find "^cat ", command[1] .. ": is memlua's, or shows what it left")
  tap.ok(#command[2] > 0, command[1] .. ": the page shows what it prints")
  if command[1]:find "%-%-out" then -- a scenario: it is checked without a kernel
    local words = command[1]:gsub("^memlua scripts", quote(host.executable()) .. " --dry-run --quiet " .. quote(root) .. "/scripts"):gsub(" ||.*", "")
    tap.ok(os.execute(words .. " >/dev/null"), command[1] .. ": is understood")
  end
end

-- ---- the guide to one's own policy: what it shows needs no kernel -------------------------------------------------

local guide_path = root .. "/bpf/policies/README.md"
local guide = io.open(guide_path):read "a"
local bin = os.tmpname()
os.remove(bin)
os.execute(("mkdir %s && ln -s %s %s/memlua"):format(bin, quote(host.executable()), bin))
local function run(command)
  local output <close> = io.popen(("cd %s && export PATH=%s:$PATH TERM=xterm LANG=C.UTF-8\n{ %s; } 2>&1"):format(quote(root), bin, command))
  return output:read "a"
end
if arg[1] == "--update" then
  guide = transcript.with_outputs(transcript.with_files(guide, root), run)
  io.open(guide_path, "w"):write(guide):close()
end
tap.ok(transcript.with_files(guide, root) == guide, "the guide shows its script as it is; tests/unit/tutorial.t --update renews it")
transcript.check(tap, guide, run)
os.execute("rm -r " .. bin)

-- ---- what the form of an output leaves out, and what it doesn't ----------------------------------------------------

local form = transcript.form
tap.is(form "high  1.07 s  32.1M  3.98 ms  ███ 12", form "high 2 s 33M 4 us █ 9", "figures and bars don't count")
tap.ok(form "high  done" ~= form "high  oom-killed", "words do")
tap.ok(form "a 1 s\nb 2 s" ~= form "b 1 s\na 2 s", "so does their order")
tap.ok(form "high  -" ~= form "high  1 s", "and a figure that isn't there")
tap.done()
