--- memlua.report.kinds: which kind of report a folder has, and giving it to the user.
local claims = require "memlua.results.claims"
local contest = require "memlua.report.contest"
local document = require "memlua.base.document"
local host = require "memlua.host"
local log = require "memlua.base.log"
local objective = require "memlua.results.objective"
local overhead = require "memlua.report.overhead"
local plot = require "memlua.plot"
local precision = require "memlua.report.precision"
local refaults = require "memlua.report.refaults"
local replay = require "memlua.report.replay"
local report = require "memlua.report"
local run = require "memlua.run"
local scaling = require "memlua.report.scaling"
local shown_claims = require "memlua.report.claims"

local kinds = {}

-- What a manifest's `report` may name: experiments with a table and charts of their own.
local OWN <const> = { contest = contest, costs = overhead, growth = scaling, pages = refaults, replay = replay, sleeps = precision }

-- A claim on a figure that no run has makes the figures that there are no worse: it is told behind them (kinds.refuse).
local function judge_claims(folder)
  local ok, found = pcall(claims.of, folder)
  if not ok and type(found) ~= "table" then error(found, 0) end
  folder.claims, folder.unclaimable = ok and found or nil, not ok and found or nil
end

-- Whatever shows a folder, what is claimed of it is its last section.
local function with_claims(shown)
  return setmetatable({
    summarise = function(folder)
      judge_claims(folder)
      return shown.summarise(folder)
    end,
    text = function(folders, pictured) return shown.text(folders, pictured) .. shown_claims.text(folders) end,
  }, { __index = shown })
end

--- Fails as memlua.results.claims.of did, and as its refuse and that of objective do, of a folder that has been shown.
function kinds.refuse(folder)
  if folder.summary and folder.manifest.scenario then objective.refuse(folder) end
  if folder.unclaimable then error(folder.unclaimable, 0) end
  claims.refuse(folder.claims)
end

--- What shows a folder: memlua.report, or a module like it: { summarise = f(folder) -> summary, and sets its `claims` (`unclaimable`: why there are none), text =
--- f(folders, pictured), pictures = f(folders, path): writes their scripts, several = whether for more than one folder }, the
--- last two of folders with `summary`.
function kinds.of(folder) return with_claims(OWN[folder.manifest.report] or report) end

--- Draws the pictures of the run's folder `path` from its figures; nothing where it holds no finished run.
function kinds.draw(path)
  local ok, folder = pcall(run.load, path)
  if not ok then return end
  local shown = kinds.of(folder)
  folder.summary = shown.summarise(folder)
  shown.pictures({ folder }, path)
  plot.render(path)
end

--- Writes the summary of a finished run into its folder, prints it or the table, leaves the charts. `place`, as --json says:
--- the file that the summary goes to as well, or "-", which prints it in place of the table; or nil.
function kinds.publish(folder, place)
  local shown = kinds.of(folder)
  folder.summary = shown.summarise(folder)
  folder:json("summary.json", folder.summary)
  if folder.claims then folder:json("claims.json", claims.document(folder.claims)) end
  document.write(place, folder.summary)
  if place ~= "-" then io.stdout:write(shown.text { folder }):flush() end -- before what follows on standard error
  if not host.in_guest then -- the machine draws, where it is fast, and takes no scripts from the microVM
    shown.pictures({ folder }, folder.path)
    plot.render(folder.path)
  end
  log.say("results: %s", folder.path)
end

return kinds
