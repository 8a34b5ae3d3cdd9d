--- memlua.report.rates: whether the rates that were asked for were kept.
local rates_of = require "memlua.results.rates"
local text = require "memlua.base.text"

local rates = {}

local function broken(rate)
  if rate.kept then return "" end
  return rate.runs == 1 and "the rate was not kept: " or ("the rate was not kept in %d of %d runs: "):format(rate.broken, rate.runs)
end

--- Adds to `lines` one for each tenant of the series `s` (summary.series) with requests at a rate: what was achieved and asked, how
--- many of all runs were due, late, missed and failed; in red where the rate was not kept.
function rates.add(s, lines)
  for _, tenant in ipairs(s.strategy.tenants) do
    local rate = tenant.rate
    if rate then
      local line = ("%s: %s: %s%s asked: %d due, %d late by more than 1 ms, %d missed%s"):format(s.label, tenant.name, broken(rate),
        rates_of.text(rate), rate.requests_due, rate.requests_late, rate.requests_missed,
        rate.requests_failed > 0 and (", %d failed"):format(rate.requests_failed) or "")
      lines[#lines + 1] = rate.kept and line or text.paint(line, "red")
    end
  end
end

return rates
