-- Searching where an answer changes: against asking everybody, over all short lists of answers; and `memlua bisect` before it boots anything.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local bisect = require "memlua.base.bisect"
local host = require "memlua.host"
local shell = require "shell"
local sys = require "memlua.base.sys"
local tap = require "tap"

-- "+-?": yes, no, can't be told. Returns what search does, and how often it asked each.
local function search(text)
  local list, asked = {}, {}
  for i = 1, #text do list[i] = i end
  local low, high, same = bisect.search(list, function(i)
    asked[i] = (asked[i] or 0) + 1
    return ({ ["+"] = true, ["-"] = false })[text:sub(i, i)]
  end)
  return low, high, same, asked
end

local function is_right(text)
  local low, high, same, asked = search(text)
  for _, n in pairs(asked) do if n > 1 then return false end end
  local told = text:gsub("%?", "")
  if told == "" then return low == nil end
  local ends_alike = told:sub(1, 1) == told:sub(-1)
  if same ~= (ends_alike or nil) then return false end
  if same then return low == text:find "[+-]" and high == #text + 1 - text:reverse():find "[+-]" end
  local a, b = text:sub(low, low), text:sub(high, high)
  return a ~= "?" and b ~= "?" and a ~= b and a == told:sub(1, 1) and not text:sub(low + 1, high - 1):find "[+-]"
end

local wrong, all = {}, 0
local function try(text, length)
  all = all + 1
  if not is_right(text) then wrong[#wrong + 1] = text end
  if length > 0 then for _, c in ipairs { "+", "-", "?" } do try(text .. c, length - 1) end end
end
try("", 7)
tap.ok(all == 3280 and #wrong == 0, "all lists of up to 7 answers: neighbours that differ, or that the ends don't", wrong)

local _, _, _, asked = search(("+"):rep(40) .. ("-"):rep(88))
local n = 0
for _ in pairs(asked) do n = n + 1 end
tap.ok(n <= 9, "128 take 9 questions at most", n)

-- ---- the command -------------------------------------------------------------------------------------------------------

local scratch <const>, tidy <close> = shell.folder()
local function refused(words, says, what)
  local text, status = shell.said(("cd %s && %s bisect %s"):format(sys.quote(scratch), sys.quote(host.executable()), words))
  tap.ok(status == 1 and text:gsub("\n *", " "):find(says, 1, true), what, text, status)
end
refused("claim nothing.lua 6.12 7.3", "nothing.lua", "a script that isn't there")
assert(host.save(scratch .. "/one.lua", "require 'memlua'"))
refused("claim one.lua 6.12", "two kernels", "one kernel has no other beside it")
refused("claim one.lua 6.12 6.12", "6.12: named twice", "nor has one that is named twice")
refused("claim one.lua 6.12 7.3 --host", "--host", "it takes microVMs")
tap.done()
