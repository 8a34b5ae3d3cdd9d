--- memlua.report.charts.contest: the picture of the trade: how much each strategy slows the best-ranked tenant, against what it
--- costs the other that it slows most.
local figures = require "memlua.base.figures"
local plot = require "memlua.plot"
local summary = require "memlua.results.summary"
local verdict = require "memlua.results.verdict"

local contest = {}

-- Beyond this range a linear axis would press the small slowdowns together.
local LOGARITHMIC <const> = 8

-- What the template makes of a point: all runs kept all tenants; in some one was lost; in all.
local KEPT <const>, SOME_LOST <const>, LOST <const> = 0, 1, 2

local function best_of(strategy)
  local best = strategy.tenants[1]
  for _, tenant in ipairs(strategy.tenants) do if tenant.rank < best.rank then best = tenant end end
  return best
end

--- The tenant beside the best-ranked one that took the most times as long as alone (of a strategy of summary.of); nil where
--- none of them has such a time.
function contest.slowest_other(strategy)
  local best, found = best_of(strategy), nil
  for _, tenant in ipairs(strategy.tenants) do
    if tenant ~= best and tenant.slowdown and (not found or tenant.slowdown > found.slowdown) then found = tenant end
  end
  return found
end

-- ---- the points --------------------------------------------------------------------------------------------------------

local function bounds(e) return e.median, e.low or e.median, e.high or e.median end

-- One that was lost in all runs has no time: its place is the axis' end.
local function point_of(strategy, name)
  local best, other = best_of(strategy), contest.slowest_other(strategy)
  local x, y = best.finished > 0 and (best.times_work or best.times_solo), other and other.times_solo
  local all_lost = false
  for _, tenant in ipairs(strategy.tenants) do all_lost = all_lost or tenant.finished == 0 end
  return { name = name, x = x or nil, y = y, fate = all_lost and LOST or strategy.intact < strategy.runs and SOME_LOST or KEPT }
end

-- What an axis must hold, with some room; and whether by powers.
local function range(points, key, more)
  local low, high = 1, more or 1
  for _, p in ipairs(points) do
    local e = p[key]
    if e then
      local _, least, most = bounds(e)
      low, high = math.min(low, least), math.max(high, most)
    end
  end
  local logarithmic = high / low > LOGARITHMIC
  if logarithmic then return low / 1.2, high * 1.6, 1 end
  local span = math.max(high - low, 0.2)
  return low - 0.08 * span, high + 0.2 * span, 0
end

-- The points as rows, the lowest first; and what is said of each and where it is, for the names beside the picture.
local function rows_of(points, x, y)
  table.sort(points, function(a, b)
    local ya, yb = a.y and a.y.median or math.huge, b.y and b.y.median or math.huge
    return ya < yb or ya == yb and a.name < b.name
  end)
  local rows, said = {}, { names = {}, xs = {}, ys = {} }
  for i, p in ipairs(points) do
    local mx, lx, hx = x.edge, x.edge, x.edge
    local my, ly, hy = y.edge, y.edge, y.edge
    if p.x then mx, lx, hx = bounds(p.x) end
    if p.y then my, ly, hy = bounds(p.y) end
    said.names[i] = ("%s: %s, %s"):format(plot.short(p.name), p.x and figures.ratio(mx) or "lost", p.y and figures.ratio(my) or "lost")
    rows[i], said.xs[i], said.ys[i] = { mx, lx, hx, my, ly, hy, p.fate }, mx, my
  end
  return rows, said
end

-- How many times as long as alone the last one takes in the best possible order, or nil.
local function best_order(folder, strategies)
  for _, row in ipairs(verdict.of(folder)) do
    for _, s in ipairs(row.later and strategies or {}) do
      local other = contest.slowest_other(s)
      if other and other.solo_s then return row.later.best / other.solo_s end
    end
  end
end

--- Writes plots/contest.gp into the folder `path` for the strategies of `folder`; nothing where no tenant was run alone. `setting`: the
--- picture's second line.
function contest.write(path, folder, setting)
  local points, strategies = {}, {}
  for _, s in ipairs(summary.series { folder }) do
    local point = point_of(s.strategy, s.label)
    if point.x or point.y then points[#points + 1], strategies[#strategies + 1] = point, s.strategy end
  end
  if #points == 0 then return end
  local best = best_order(folder, strategies)
  local x, y = {}, {}
  x.from, x.to, x.log = range(points, "x")
  y.from, y.to, y.log = range(points, "y", best)
  x.edge, y.edge = x.to, y.to
  local rows, said = rows_of(points, x, y)
  plot.write(path, "contest", "contest", {
    heading = "What protection costs: each strategy's trade", setting = setting, from_x = x.from, to_x = x.to, log_x = x.log,
    from_y = y.from, to_y = y.to, log_y = y.log, best_order = best or 0, names = said.names, xs = said.xs, ys = said.ys,
    caption = "How much each strategy slows the best-ranked tenant (its time without the hold, times alone) against what it costs the "
      .. "other that it slows most (its whole time, times alone): medians with their intervals. Left and low is better. Hollow: a tenant was lost "
      .. "in some runs; a cross: in all, at the axis' end where the lost one has no time.",
  }, rows)
end

return contest
