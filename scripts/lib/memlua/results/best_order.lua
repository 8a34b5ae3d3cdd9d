--- memlua.results.best_order: the shortest time in which tenants could be done one beside the other, if each waited until it
--- fits: what a strategy's makespan is set against.
local best_order = {}

-- The earliest time from `from` on at which `size` fits below the limit beside the jobs already placed.
local function earliest(placed, size, limit)
  local times = { 0 }
  for _, job in ipairs(placed) do times[#times + 1] = job.finish end
  table.sort(times)
  for _, time in ipairs(times) do
    local used = size
    for _, job in ipairs(placed) do if job.finish > time then used = used + job.size end end
    if used <= limit then return time end
  end
end

local function span(order, limit)
  local placed, last = {}, 0
  for i, job in ipairs(order) do
    local start = earliest(placed, job.size, limit)
    if not start then return math.huge end
    placed[i] = { size = job.size, finish = start + job.duration }
    last = math.max(last, placed[i].finish)
  end
  return last
end

local function permuted(list, n, visit)
  if n <= 1 then return visit(list) end
  for i = 1, n do
    list[i], list[n] = list[n], list[i]
    permuted(list, n - 1, visit)
    list[i], list[n] = list[n], list[i]
  end
end

--- The shortest time in which all jobs { size, duration } can be done when those that run together must fit the
--- limit, each started as early as its place in the order allows; over all orders up to 6 jobs, above that the
--- longest first (Graham, "Bounds on multiprocessing timing anomalies", SIAM J. Appl. Math. 17 (1969)).
--- CPU time is taken as free, and a job's memory as taken from its start to its end: of tenants that grow late, or shrink,
--- it is no bound. math.huge when a job doesn't fit alone.
function best_order.makespan(jobs, limit)
  local order, best = table.move(jobs, 1, #jobs, 1, {}), math.huge
  if #jobs > 6 then
    table.sort(order, function(a, b) return a.duration > b.duration end)
    return span(order, limit)
  end
  permuted(order, #order, function(list) best = math.min(best, span(list, limit)) end)
  return best
end

-- A tenant that gives back so much of its peak for so much of its time makes room for others meanwhile.
local GIVEN_BACK <const>, FOR <const> = 0.10, 0.10

--- Whether a tenant, as memlua.experiment.cell gives it, held less than it had held before for a good part of its run:
--- then no order of whole tenants bounds anything.
function best_order.shrinks(tenant)
  local samples, peak, less, before = tenant.memory or {}, 0, 0, 0
  local finish, most = tenant.finish or math.huge, 0
  for _, sample in ipairs(samples) do most = math.max(most, sample[2]) end
  for _, sample in ipairs(samples) do
    if sample[1] > finish then break end
    if sample[2] < peak - GIVEN_BACK * most then less = less + sample[1] - before end
    peak, before = math.max(peak, sample[2]), sample[1]
  end
  return before > 0 and less > FOR * before
end

return best_order
