--- memlua.results.timed: what a latency is of: a chunk of memory or of a file, a rise of a trace, or the interval between
--- two steps of a function. What is not the same is not called the same.
local work = require "memlua.results.work"
local worker = require "memlua.worker"

local timed = {}

local OF <const> = {}
for _, kind in ipairs(worker.kinds) do OF[kind.name] = kind.times end

--- What the latencies of a run's tenant are of: "chunk", "rise", "interval", "request"; nil: it has none. Of a tenant's several
--- workloads all that are timed are of one kind.
function timed.of(tenant)
  if not tenant.latency then return nil end
  if work.is_paced(tenant) then return "request" end
  if tenant.workload then return OF[tenant.workload.kind] end
  for _, part in ipairs(tenant.workloads or {}) do if part.latency then return OF[part.workload.kind] end end
end

--- The same of all tenants in the runs of some series (summary.series); "piece" where it differs.
function timed.of_all(series)
  local common
  for _, s in ipairs(series) do
    for _, result in ipairs(s.folder.runs) do
      for _, tenant in ipairs(result.tenants) do
        local of = timed.of(tenant)
        if of and common and of ~= common then return "piece" end
        common = of or common
      end
    end
  end
  return common
end

--- The columns of a table (memlua.base.text), in which "P99/CHUNK" says what it is of.
function timed.columns(columns, series)
  local renamed, of = {}, (timed.of_all(series) or "chunk"):upper()
  for i, column in ipairs(columns) do
    local copy = {}
    for key, value in pairs(column) do copy[key] = value end
    copy[1] = column[1]:gsub("/CHUNK$", "/" .. of)
    renamed[i] = copy
  end
  return renamed
end

return timed
