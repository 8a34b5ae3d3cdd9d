--- memlua.results.find: finding the folders of earlier runs, and what each of them came to, in a line.
local host = require "memlua.host"
local memlua = require "memlua"
local printable = require "memlua.base.printable"
local run = require "memlua.run"
local sys = require "memlua.base.sys"

local runs = {}

-- ---- the verdict ----------------------------------------------------------------------------------------------

-- "low_2 oom-killed in 3" of one strategy's tenants.
local function losses(strategy)
  local said = {}
  for _, tenant in ipairs(strategy.tenants) do
    for _, how in ipairs(memlua.keys(tenant.lost or {})) do
      local times = strategy.runs > 1 and (" in %d"):format(tenant.lost[how]) or ""
      said[#said + 1] = ("%s %s%s"):format(tenant.name, how, times)
    end
  end
  return table.concat(said, ", ")
end

local function verdict_of(strategy)
  local lost = losses(strategy)
  if lost == "" then return ("%s: all done"):format(strategy.name) end
  local share = strategy.runs > 1 and (" of %d"):format(strategy.runs) or ""
  return ("%s: %s%s"):format(strategy.name, lost, share)
end

--- What a run came to: "none: low_2 oom-killed; priority: all done", from its summary (nil: it never got that far).
function runs.verdict(summary)
  if not summary then return "unfinished" end
  if summary.verdict then return summary.verdict end
  local said = {}
  for _, strategy in ipairs(summary.strategies or {}) do
    if not strategy.solo then said[#said + 1] = verdict_of(strategy) end
  end
  return #said > 0 and table.concat(said, "; ") or "nothing measured"
end

-- ---- the folders ----------------------------------------------------------------------------------------------

-- "; 1 expectation broken", or "".
local function broken(manifest)
  local n = 0
  for _, expectation in ipairs(manifest.expected or {}) do n = n + (expectation.broken and 1 or 0) end
  return n > 0 and ("; %d expectation%s broken"):format(n, n > 1 and "s" or "") or ""
end

-- A cell, or what was interrupted, has no summary.
local function state(manifest, summary)
  local said, made, all = runs.verdict(summary), #(manifest.runs or {}), #(manifest.cells or {})
  if not summary and made < all then said = ("%s: %d of %d runs"):format(said, made, all) end
  local shortfall = summary and run.shortfall(manifest)
  return said .. broken(manifest) .. (shortfall and "; " .. shortfall or "")
end

-- What is wrong with a folder that can't be read is its verdict: it is there, and takes room.
local function damaged(path, name, why)
  if type(why) ~= "table" then error(why, 0) end
  return { name = name, path = path, runs = 0, verdict = "unreadable: " .. printable.text(why.message) }
end

local function describe(path, name)
  if not host.kind(path .. "/manifest.json") then return nil end
  local ok, manifest = pcall(run.manifest, path)
  if not ok then return damaged(path, name, manifest) end
  local read, summary = pcall(run.summary, path)
  if not read then return damaged(path, name, summary) end
  return { name = name, path = path, scenario = manifest.name, written = manifest.written,
           runs = #manifest.runs, verdict = state(manifest, summary) }
end

--- The runs in `folder` (default: where runs go without --out), oldest first: a list of
--- { name, path, scenario, written = "2026-01-31T12:00:00Z", runs = how many, verdict }.
function runs.list(folder)
  folder = folder or run.state_folder()
  local list = {}
  for _, name in ipairs(sys.names(folder)) do list[#list + 1] = describe(folder .. "/" .. name, printable.text(name)) end
  table.sort(list, function(a, b)
    local x, y = a.written or "", b.written or ""
    return x < y or x == y and a.name < b.name
  end)
  return list
end

--- The path of a run: a folder, the name of one that `memlua runs` lists, or "last". Fails with status 1 naming the
--- nearest one.
function runs.find(name)
  if sys.exists(name .. "/manifest.json") then return name end
  if name:find "%.tar%.[xg]z$" and sys.exists(name) then
    memlua.fail(memlua.status.misuse, "%s: an archive; unpack it first (tar -xf %s) and name the folder in it", name, name)
  end
  local names, list = {}, runs.list()
  if name == "last" and #list > 0 then return list[#list].path end
  for i, one in ipairs(list) do
    if one.name == name then return one.path end
    names[i] = one.name
  end
  if sys.exists(name .. "/.") then return name end -- whoever loads it says what is wrong with it
  if #names == 0 then
    memlua.fail(memlua.status.misuse, "%s: no run's folder, and none is in %s yet", name, run.state_folder())
  end
  memlua.fail(memlua.status.misuse, "%s: no run of that name; `memlua runs` lists them%s", name,
    #names <= 5 and memlua.hint(name, names) or "")
end

return runs
