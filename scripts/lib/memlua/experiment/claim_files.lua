--- memlua.experiment.claim_files: a folder of scenarios whose claims are the figures of pages, made again here: `memlua verify FOLDER`.
--- A file says in its comments how long it takes, all of it and a single block: "-- takes 9m, quick 2m"; "quick none": --quick leaves it out.
local another = require "memlua.experiment.another"
local claims = require "memlua.results.claims"
local document = require "memlua.base.document"
local host = require "memlua.host"
local json = require "memlua.json"
local log = require "memlua.base.log"
local memlua = require "memlua"
local run = require "memlua.run"
local sys = require "memlua.base.sys"
local text = require "memlua.base.text"
local units = require "memlua.units"

local claim_files = {}

local function seconds(path, source, word)
  local text = "\n" .. source
  if word == "quick" and text:find "\n%-%- [^\n]*quick none" then return nil end
  local written = text:match("\n%-%- [^\n]*" .. word .. " (%d%w*)") or ""
  local value = units.duration(written)
  return value or memlua.fail(memlua.status.misuse, '%s: it doesn\'t say how long it takes; write a comment "-- takes 9m, quick 2m"', path)
end

--- The claim files of a folder: list of { path, name, takes, quick (seconds, as the file says; none: nil) }; nil where it has none. Fails with status 1 on a
--- file that doesn't say how long it takes.
function claim_files.list(folder)
  local list = {}
  for _, name in ipairs(sys.names(folder)) do
    local path = ("%s/%s"):format(folder:gsub("/+$", ""), name)
    if name:find "%.lua$" then
      local source = run.contents(path)
      list[#list + 1] = { path = path, name = name:gsub("%.lua$", ""), takes = seconds(path, source, "takes"), quick = seconds(path, source, "quick") }
    end
  end
  return #list > 0 and list or nil
end

--- How long the files of list() take, in seconds; `quick`: with a block of each only, but for those that it leaves out.
function claim_files.duration(list, quick)
  local sum = 0
  for _, file in ipairs(list) do sum = sum + (quick and (file.quick or 0) or not quick and file.takes or 0) end
  return sum
end

-- "20 min": what is said of it is no better known.
local function about(list, quick)
  local s = claim_files.duration(list, quick)
  return s < 90 and ("%d s"):format(s) or ("%d min"):format((s + 59) // 60)
end

-- Those that are run, and the names of those that --quick leaves out.
local function chosen(list, quick)
  if not quick then return list, {} end
  local taken, left = {}, {}
  for _, file in ipairs(list) do
    if file.quick then taken[#taken + 1] = file else left[#left + 1] = file.name end
  end
  return taken, left
end

-- ---- pages -----------------------------------------------------------------------------------------------------------------

--- Whether a page (its text) states a claim's figure as the claim says, in one line.
function claim_files.states(page, stated)
  for line in (page .. "\n"):gmatch "([^\n]*)\n" do
    local _, last = line:find(stated[2], 1, true)
    if last and line:find(stated[3], last + 1, true) then return true end
  end
  return false
end

local ROOT <const> = host.executable():match "^(.*)/[^/]+/[^/]+$" or "."

-- A page that isn't installed can't have changed.
local function check_stated(file, claim)
  local page = claim.stated and sys.read(ROOT .. "/" .. claim.stated[1])
  if page and not claim_files.states(page, claim.stated) then
    memlua.fail(memlua.status.misuse, "%s: claims.%s.stated: %s has no line with '%s' and %s after it; mend the one or the other", file.path, claim.name,
      claim.stated[1], claim.stated[2], claim.stated[3])
  end
end

-- ---- running them ------------------------------------------------------------------------------------------------------------

-- One block settles nothing: its figure lies in the band, or it doesn't.
local function word_of(claim, quick)
  if not quick then return claim.verdict end
  return claim.n == 0 and "not measured" or claims.fits(claim) and "fits" or "doesn't fit"
end

--- Makes the runs of a file of list() in the folder `out`, of its first block only where `quick`. Returns a list of { file, name, text, stated, figure (as
--- claims.of has it), verdict = a claim's, or of a quick one "fits", "doesn't fit" or "not measured" }. Fails where it doesn't
--- come to an end, with its status, and where a page doesn't say what the file says that it does.
function claim_files.run(file, out, quick)
  local words = { "--out", out }
  if quick then table.move({ "--runs", "1" }, 1, 2, 3, words) end
  words[#words + 1] = file.path
  local ended, status, said = another.run(words)
  if not ended then memlua.fail(status, "%s: %s", file.path, said) end
  local rows = {}
  for i, claim in ipairs(claims.of(run.load(out)) or {}) do
    check_stated(file, claim)
    rows[i] = { file = file.name, name = claim.name, text = claim.text, stated = claim.stated, figure = claim, verdict = word_of(claim, quick) }
  end
  return rows
end

-- ---- telling -----------------------------------------------------------------------------------------------------------------

local COLUMNS <const> = { { "CLAIM" }, { "PAGE", drop = 2 }, { "STATES", align = "right" }, { "HERE", align = "right" }, { "VERDICT", wrap = true } }

local BAD <const> = { refuted = true, ["doesn't fit"] = true }

--- The table of all rows of run(), as a string; `figure_of(claim)`: its figure as text.
function claim_files.text(rows, figure_of)
  local cells = {}
  for i, row in ipairs(rows) do
    local stated = row.stated or {}
    cells[i] = { row.file .. ": " .. row.name, stated[1], stated[3] and stated[3]:gsub("[*]", "") or nil, figure_of(row.figure), row.verdict .. ": " .. row.text,
                 colour = BAD[row.verdict] and "red" or nil }
  end
  return text.render(COLUMNS, cells)
end

--- Checks all files of a folder, as `options` says ({ out, quick, json }), and prints how long that takes before and a table after. Fails with
--- status 2 where a claim is refuted, or of a quick one doesn't fit, naming them.
function claim_files.verify(folder, list, options, figure_of)
  local out, rows, bad = options.out or run.default_path "claims", {}, {}
  local files, left = chosen(list, options.quick)
  log.say("%s: %d claim files take about %s on a quiet machine%s; in %s", folder, #files, about(list, options.quick),
    options.quick and ", a block of each" or ("; with --quick, a block of each, %s"):format(about(list, true)), out)
  if #left > 0 then log.say("left out by --quick: %s", table.concat(left, ", ")) end
  for i, file in ipairs(files) do
    log.say("%d of %d: %s, about %s", i, #files, file.path, about({ file }, options.quick))
    for _, row in ipairs(claim_files.run(file, ("%s/%s"):format(out, file.name), options.quick)) do
      rows[#rows + 1] = row
      if BAD[row.verdict] then bad[#bad + 1] = ("%s: %s"):format(row.file, row.name) end
    end
  end
  document.write(options.json, json.array(rows))
  if options.json ~= "-" then io.stdout:write(claim_files.text(rows, figure_of)) end
  if #bad > 0 then memlua.fail(memlua.status.assertion, "%s: %d of %d differ here: %s", folder, #bad, #rows, table.concat(bad, ", ")) end
end

return claim_files
