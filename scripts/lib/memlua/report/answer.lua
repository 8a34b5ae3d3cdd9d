--- memlua.report.answer: the sentence in which a scenario that was made to answer a question ends.
local figures = require "memlua.base.figures"
local memlua = require "memlua"
local summary = require "memlua.results.summary"

local answer = {}

local function comparison(folder, asked)
  for _, c in ipairs((folder.summary.effects or {}).comparisons or {}) do
    local is_asked = c.tenant == asked.tenant and (not asked.metric or c.what == asked.metric)
    if is_asked and c.a == asked.under and c.b == asked.against then return c, 1 end
    if is_asked and c.b == asked.under and c.a == asked.against then return c, -1 end
  end
end

-- The ratio as it was asked for, whichever of the two it was taken of.
local function turned(ratio, way)
  if way > 0 then return ratio end
  return { n = ratio.n, level = ratio.level, median = 1 / ratio.median, low = ratio.high and 1 / ratio.high, high = ratio.low and 1 / ratio.low }
end

-- 1.28; of 0.0122 two places would leave 0.01.
local function short(x) return x < 0.1 and ("%.3g"):format(x) or figures.ratio(x) end

local WORDS <const> = {
  same = "no difference beyond 5 %",
  different = "a difference, at 5 % for all comparisons together",
  untold = "which these runs don't tell from no difference",
}

local function kept(s) return ("%d of %d runs under %s"):format(s.intact, s.runs, s.name) end

local function alone(s, asked)
  local tenant = summary.find(s, asked.tenant)
  local of = tenant and asked.metric and (tenant.metrics or {})[asked.metric] or tenant
  return of and of.times_solo and (" Under %s it is %s times as %s as alone."):format(s.name, figures.text(of.times_solo, figures.ratio),
    asked.metric and "bad" or "slow") or ""
end

--- The answer of `folder` (with its summary) to what its scenario asks, `answer = { tenant, under, against }`: the ratio of what the tenant came to
--- under one strategy to what it came to under the other, with its interval, what that tells, and how both are against alone. "" where nothing was asked.
function answer.text(folder)
  local asked = folder.manifest.scenario and folder.manifest.scenario.answer
  if not asked then return "" end
  local under, against = memlua.named(folder.summary.strategies, asked.under), memlua.named(folder.summary.strategies, asked.against)
  if not (under and against) then return ("answer: none, without runs under %s and %s\n"):format(asked.under, asked.against) end
  if under.intact < under.runs or against.intact < against.runs then
    return ("answer: all tenants are kept in %s, and in %s.\n"):format(kept(under), kept(against))
  end
  local c, way = comparison(folder, asked)
  if not c then return "answer: none, the runs are too few to compare\n" end
  return ("answer: %s's %s under %s is %s times that under %s: %s.%s%s\n"):format(asked.tenant, c.what, asked.under,
    figures.text(turned(c.ratio, way), short), asked.against, WORDS[c.told], alone(under, asked), alone(against, asked))
end

return answer
