-- The pages for those who change memlua name files, modules, functions and targets that there are.
local tests = arg[0]:match "^(.*)/[^/]*/[^/]*$"
package.path = tests .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local shell = require "shell"
local sys = require "memlua.base.sys"

local root <const> = tests .. "/.."

-- Where a page may leave out what every path there begins with.
local FOLDERS <const> = { "", "host/", "scripts/lib/memlua/", "bpf/policies/", "bpf/kmod/" }

-- NAME, KIND and x stand for any.
local function exists(path)
  local pattern = path:gsub("%u%u%u+", "*"):gsub("/x%.", "/*.")
  for _, folder in ipairs(FOLDERS) do
    if (shell.output(("cd %s && ls -d %s 2>/dev/null"):format(sys.quote(root), folder .. pattern))) ~= "" then return true end
  end
end

local function is_module(name)
  local path = root .. "/scripts/lib/" .. name:gsub("%.", "/")
  return sys.exists(path .. ".lua") or sys.exists(path .. "/init.lua") or sys.exists(root .. "/host/lua/" .. name:match "%w+$" .. ".c")
end

local sources <const> = (shell.output(("cd %s && cat host/*.c host/*/*.c host/*/*.h bpf/kmod/*.c bpf/policies/*.c"):format(sys.quote(root))))
local makefile <const> = "\n" .. sys.read(root .. "/Makefile")

-- What is made when memlua runs or is built is no file of the tree.
local function is_made(path) return path:find "^runs/" or path:find "^build/" end

-- The kind of a word, and whether what it names is there; nil for a word that names nothing of the tree.
local function verdict(word)
  local target = word:match "^make ([%w-]+)"
  if target then return "target", makefile:find("\n" .. target:gsub("%-", "%%-") .. ":") ~= nil end
  local test = word:match "tests/[%w/_.]+%.t"
  if test then return "test", exists(test) end
  if word:find "^memlua%.[%l_.]+$" and not word:find "%.fail$" then return "module", is_module(word) end
  if word:find "^[%w_./-]+%.%l+$" and word:find "[/]" or word:find "^[%w_]+%.[ch]$" then
    if not is_made(word) then return "file", exists(word) end
  end
  local struct = word:match "^struct ([%l_]+)$"
  if struct and struct ~= "error" then return "struct", sources:find("struct " .. struct .. " {", 1, true) ~= nil end
  if word:find "^%l+_[%l_]+$" and not word:find "^delay_ms" then return "name", sources:find("%f[%w_]" .. word .. "%f[^%w_]") ~= nil end
end

local seen = {}
for _, page in ipairs { "ARCHITECTURE", "CONTRIBUTING", "TRUST" } do
  local text = sys.read(("%s/host/%s.md"):format(root, page))
  for word in text:gmatch "`([^`\n]+)`" do
    local kind, there = verdict(word)
    if kind then
      seen[kind] = (seen[kind] or 0) + 1
      tap.ok(there, ("%s: %s: the %s is there"):format(page, word, kind))
    end
  end
  for path in text:gmatch "%]%(([^):]+)%)" do
    local there = sys.exists(root .. "/host/" .. path) or sys.exists(root .. "/host/" .. path .. "/.")
    tap.ok(there, ("%s: the link %s leads somewhere"):format(page, path))
  end
end
for _, kind in ipairs { "target", "test", "module", "file", "struct", "name" } do
  tap.ok((seen[kind] or 0) > 0, "they name a " .. kind .. " at all", seen[kind])
end

for _, word in ipairs { "core/worker_nothing.c", "memlua.report.nothing", "struct worker_nothing", "push_nothing", "make nothing",
                        "build/memlua tests/vm/nothing.t" } do
  tap.ok(not select(2, verdict(word)), word .. " would be found out")
end

tap.done()
