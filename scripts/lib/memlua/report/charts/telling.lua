--- memlua.report.charts.telling: which run of several a picture over time shows.
local telling = {}

local function runs_of(s)
  local runs = {}
  for _, result in ipairs(s.folder.runs) do
    if result.strategy == s.strategy.name then runs[#runs + 1] = result end
  end
  return runs
end

-- The best-ranked of the tenants that weren't done in a run, nil when all were.
local function worst_loss(result)
  local worst
  for _, tenant in ipairs(result.tenants) do
    if tenant.ended ~= "done" and (not worst or tenant.rank < worst.rank) then worst = tenant end
  end
  return worst
end

-- Returns its number and that tenant.
local function most_telling(runs)
  local number, lost = 1, nil
  for i, result in ipairs(runs) do
    local loss = worst_loss(result)
    if loss and (not lost or loss.rank < lost.rank) then number, lost = i, loss end
  end
  return number, lost
end

-- "none, run 4 of 10 (014-none), the first that lost high"
local function title_of(label, runs, number, lost)
  if #runs == 1 then return label end
  if not lost then return ("%s, the first of %d runs"):format(label, #runs) end
  local id = runs[number].id
  return ("%s, run %d of %d%s, %s"):format(label, number, #runs, id and (" (%s)"):format(id) or "",
    (lost.ended == "failed" and "the first in which %s failed" or "the first that lost %s"):format(lost.name))
end

--- The run of a series (of summary.series) that tells most: the first of those that lost the best-ranked tenant that any lost, else
--- the first of all. Returns it, nil where there is none, and the words that say which it is.
function telling.run(s)
  local runs = runs_of(s)
  local number, lost = most_telling(runs)
  return runs[number], title_of(s.label, runs, number, lost)
end

--- What a caption says of it.
telling.SAID = "of each strategy the first run that lost the best-ranked of the tenants that it lost, else the first"

return telling
