--- memlua.report.remarks: what stands below the tables, a line each: losses and who was to blame, what the kernel and the
--- policy counted, what was expected.
local doubts = require "memlua.results.doubts"
local memlua = require "memlua"
local controllers = require "memlua.report.controllers"
local rates = require "memlua.report.rates"
local run = require "memlua.run"
local stats = require "memlua.stats"
local summary = require "memlua.results.summary"
local text = require "memlua.base.text"
local units = require "memlua.units"

local remarks = {}

local duration, size = units.format_duration, units.format_size

local function document(lines) return #lines > 0 and table.concat(lines, "\n") .. "\n" or "" end

local function number(x) return math.tointeger(x) and ("%d"):format(x) or math.type(x) == "float" and ("%g"):format(x) or tostring(x) end

-- The counters of one run as { name = value }, those in tables by a path.
local function flat(t, prefix, out)
  for key, value in pairs(t) do
    if type(value) == "table" then flat(value, prefix .. key .. ".", out) else out[prefix .. key] = value end
  end
  return out
end

-- What the strategy's policy counted, run by run, and the policy's name.
local function counted(s)
  local runs, name = {}, nil
  for _, result in ipairs(s.folder.runs) do
    if result.strategy == s.strategy.name and result.policy and result.policy.stats then
      runs[#runs + 1], name = flat(result.policy.stats, "", {}), result.policy.name
    end
  end
  return runs, name
end

-- "delay_active 6", or "delay_active 6 (5 to 9)" of several runs: median and range. nil of one that is always 0.
local function counter(runs, key)
  local values, least, most = {}, math.huge, -math.huge
  for i, run_counters in ipairs(runs) do
    values[i] = run_counters[key] or 0
    if type(values[i]) ~= "number" then return ("%s %s"):format(key, tostring(values[i])) end
    least, most = math.min(least, values[i]), math.max(most, values[i])
  end
  if least == 0 and most == 0 then return nil end
  local middle = ("%s %s"):format(key, number(stats.median(values)))
  return least == most and middle or ("%s (%s to %s)"):format(middle, number(least), number(most))
end

local function callbacks(s, lines)
  local runs, name = counted(s)
  if #runs == 0 then return end
  local keys, parts = {}, {}
  for _, one in ipairs(runs) do for key in pairs(one) do keys[key] = true end end
  for _, key in ipairs(memlua.keys(keys)) do parts[#parts + 1] = counter(runs, key) end
  lines[#lines + 1] = ("%s: policy %s%s: %s"):format(s.label, name,
    #runs > 1 and (", a run's median (and range) of %d"):format(#runs) or "",
    #parts > 0 and table.concat(parts, ", ") or "never asked")
end

-- Which calls the recordings of the strategy's runs lack.
local function unrecorded(s, lines)
  local calls, lost, beyond, cut = 0, 0, 0, 0
  for _, result in ipairs(s.folder.runs) do
    local kept = result.strategy == s.strategy.name and result.policy and result.policy.recorded
    if kept then calls, lost, beyond, cut = calls + kept.calls, lost + (kept.lost or 0), beyond + (kept.beyond or 0), cut + (kept.cut or 0) end
  end
  if lost + beyond + cut == 0 then return end
  lines[#lines + 1] = text.paint(("%s: of %d recorded calls %d are cut; %d are missing as the kernel's buffer was full, %d as the file was"):format(
    s.label, calls, cut, lost, beyond), "red")
end

-- What shows that a program, or what was set in the kernel, did something at all.
local function own_counters(s, lines)
  local runs, keys, parts = {}, {}, {}
  for _, result in ipairs(s.folder.runs) do
    local own = result.strategy == s.strategy.name and (result.counted or result.controller and result.controller.counted)
    if own then runs[#runs + 1] = own end
  end
  for _, one in ipairs(runs) do for key in pairs(one) do keys[key] = true end end
  for _, key in ipairs(memlua.keys(keys)) do parts[#parts + 1] = counter(runs, key) end
  if #runs == 0 then return end
  lines[#lines + 1] = ("%s: %s"):format(s.label, #parts > 0 and "counted: " .. table.concat(parts, ", ")
    or ("it did nothing: %s stayed 0"):format(table.concat(memlua.keys(keys), ", ")))
end

-- The run of the strategy in which the tenant went furthest over what it had claimed from the policy: its peak, its claim
-- and the policy's name.
local function excess(s, name)
  local peak, claim, policy = 0, nil, nil
  for _, result in ipairs(s.folder.runs) do
    local tenant = result.strategy == s.strategy.name and summary.find(result, name)
    local claimed = tenant and tenant.callbacks and tenant.callbacks.claim
    if claimed and (tenant.peak or 0) > math.max(peak, claimed) then
      peak, claim, policy = tenant.peak, claimed, result.policy.name
    end
  end
  return peak, claim, policy
end

-- Whether the script said itself what the tenant claims.
local function is_own_claim(s, name)
  local scenario = s.folder.manifest.scenario
  for _, tenant in ipairs(scenario.tenants) do
    if tenant.name == name and (tenant.policy or {}).claim then return true end
  end
  for _, strategy in ipairs(scenario.strategies or {}) do
    local own = strategy.name == s.strategy.name and (strategy.tenants or {})[name]
    if own and (own.policy or {}).claim then return true end
  end
  return false
end

-- What makes its figures untrustworthy.
local function doubtful(s, lines)
  for _, line in ipairs(doubts.of(s.folder.runs, s.strategy.name)) do lines[#lines + 1] = text.paint(s.label .. ": " .. line, "red") end
end

-- What a policy like reserve promises it promises to tenants that keep to their claims. A claim that memlua made of the
-- tenant's size is no fault of the user's.
local function claims(s, lines)
  for _, tenant in ipairs(s.strategy.tenants) do
    local peak, claim, policy = excess(s, tenant.name)
    if claim and is_own_claim(s, tenant.name) then
      lines[#lines + 1] = text.paint(("%s: %s took %s at most, more than its claim of %s: what %s promises holds only "
        .. "within the claims"):format(s.label, tenant.name, size(peak), size(claim), policy), "red")
    elseif claim then
      lines[#lines + 1] = ("%s: %s took %s at most, more than the %s that memlua claimed for it by its size: what %s "
        .. "promises holds only within the claims; give the tenant policy = { claim = \"%s\" }"):format(s.label, tenant.name,
        size(peak), size(claim), policy, size(peak))
    end
  end
end

-- One line per killed tenant, with the times of its deaths.
local function kills(s, lines)
  local order, times = {}, {}
  for _, result in ipairs(s.folder.runs) do
    for _, kill in ipairs(result.strategy == s.strategy.name and result.oom or {}) do
      local key = ("%s by the limit of %s"):format(kill.task_memcg or "?", kill.oom_memcg or "?")
      if not times[key] then order[#order + 1] = key end
      times[key] = times[key] or {}
      table.insert(times[key], duration(kill.time))
    end
  end
  for _, key in ipairs(order) do
    lines[#lines + 1] = ("%s: kernel log: OOM kill in %s at %s"):format(s.label, key, table.concat(times[key], ", "))
  end
end

-- What the session's memory.events grew by in all runs; those of the tenants are counted in it.
local EVENTS = { "low", "high", "max", "oom", "oom_kill" }

local function events(s, lines)
  local sum, parts, runs = {}, {}, 0
  for _, result in ipairs(s.folder.runs) do
    if result.strategy == s.strategy.name and result.parent and result.parent.events then
      runs = runs + 1
      for _, key in ipairs(EVENTS) do
        local n = result.parent.events[key]
        if n then sum[key] = (sum[key] or 0) + n end
      end
    end
  end
  for _, key in ipairs(EVENTS) do if sum[key] then parts[#parts + 1] = key .. " " .. sum[key] end end
  if #parts == 0 then return end
  lines[#lines + 1] = ("%s: memory.events of the session%s: %s"):format(s.label,
    runs > 1 and (", sum of %d runs"):format(runs) or "", table.concat(parts, ", "))
end

-- "web: server stopped, client 576 ms": the workloads of a tenant that has several.
local function workload_in_short(workload)
  local parts = {}
  if workload.completion then parts[1] = duration(workload.completion.median) end
  for _, how in ipairs(memlua.keys(workload.ended)) do
    local n = workload.ended[how]
    if how ~= "done" then parts[#parts + 1] = n > 1 and ("%d x %s"):format(n, how) or how end
  end
  return workload.name .. " " .. (#parts > 0 and table.concat(parts, " and ") or "done")
end

local function workloads(s, lines)
  for _, tenant in ipairs(s.strategy.tenants) do
    local parts = {}
    for i, workload in ipairs(tenant.workloads or {}) do parts[i] = workload_in_short(workload) end
    if #parts > 0 then lines[#lines + 1] = ("%s: %s: %s"):format(s.label, tenant.name, table.concat(parts, ", ")) end
  end
end

-- Who failed by itself in a run of the strategy, and of what: "web: exit status 3, job: no such file".
local function failures(s)
  local said, seen = {}, {}
  for _, result in ipairs(s.folder.runs) do
    for _, tenant in ipairs(result.strategy == s.strategy.name and result.tenants or {}) do
      local why = tenant.error or ("exit status %s"):format(tenant.exit_code or "?")
      if why:sub(1, #tenant.name + 2) ~= tenant.name .. ": " then why = tenant.name .. ": " .. why end
      if tenant.ended == "failed" and not seen[why] then
        said[#said + 1], seen[why] = why, true
      end
    end
  end
  return table.concat(said, ", ")
end

local function beside_losses(s, lines)
  local runs, failed = s.strategy.runs, s.strategy.failed or 0
  local lost = runs - s.strategy.intact - failed
  if lost > 0 then
    lines[#lines + 1] = ("%s: %d of %d runs lost a tenant; * = a survivor's time, with the memory that the lost gave up")
      :format(s.label, lost, runs)
  end
  if failed > 0 then
    lines[#lines + 1] = ("%s: in %d of %d runs a tenant failed by itself (%s); * = another's time in such a run"):format(
      s.label, failed, runs, failures(s))
  end
end

local function solo_line(s, lines, prefix)
  local parts = {}
  for _, tenant in ipairs(s.strategy.tenants) do
    if tenant.solo_s then parts[#parts + 1] = ("%s %s"):format(tenant.name, duration(tenant.solo_s)) end
  end
  if #parts > 0 then lines[#lines + 1] = prefix .. "alone: " .. table.concat(parts, ", ") end
end

local MOST_BROKEN <const> = 4 -- runs that are named

-- "expected: nobody is lost: broken in 014-none (low was oom-killed)"
local function expectation_line(expectation)
  local head, parts, broken = "expected: " .. expectation.text .. ": ", {}, expectation.broken or {}
  if #broken == 0 then return ("%sholds in %d of %d runs"):format(head, expectation.runs, expectation.runs) end
  for i = 1, math.min(#broken, MOST_BROKEN) do
    local why = broken[i].error and "failed itself: " .. broken[i].error or broken[i].detail
    parts[i] = broken[i].id .. (why and (" (%s)"):format(why) or "")
  end
  if #broken > MOST_BROKEN then parts[#parts + 1] = ("and %d more"):format(#broken - MOST_BROKEN) end
  return text.paint(head .. "broken in " .. table.concat(parts, ", "), "red")
end

-- What a folder as a whole came to.
local function standing(folder, lines, prefix)
  local shortfall = run.shortfall(folder.manifest)
  if shortfall then lines[#lines + 1] = text.paint(prefix .. shortfall, "red") end
  for _, expectation in ipairs(folder.manifest.expected or {}) do
    lines[#lines + 1] = prefix .. expectation_line(expectation)
  end
end

--- What a folder as a whole came to, lines in one string, for reports of another kind: whether it is whole, and what held
--- of what was expected.
function remarks.standing(folder)
  local lines = {}
  standing(folder, lines, "")
  return document(lines)
end

--- What became of the tenants and of the controllers of the `series` (summary.series) that ended before their time, lines in one string.
function remarks.endings(series)
  local lines = {}
  for _, s in ipairs(series) do
    doubtful(s, lines)
    claims(s, lines)
    beside_losses(s, lines)
    controllers.add_ends(s, lines)
    own_counters(s, lines)
  end
  return document(lines)
end

--- All remarks on the `series` (summary.series) of the `folders`, lines in one string.
function remarks.text(series, folders)
  local lines, told = {}, {}
  local function prefix(folder) return #folders > 1 and folder.manifest.name .. ": " or "" end
  for _, folder in ipairs(folders) do standing(folder, lines, prefix(folder)) end
  for _, s in ipairs(series) do
    doubtful(s, lines)
    claims(s, lines)
    beside_losses(s, lines)
    kills(s, lines)
    events(s, lines)
    callbacks(s, lines)
    unrecorded(s, lines)
    workloads(s, lines)
    rates.add(s, lines)
    controllers.add(s, lines)
    own_counters(s, lines)
    -- once per folder: its strategies share the solo runs
    if not told[s.folder] then solo_line(s, lines, prefix(s.folder)) end
    told[s.folder] = true
  end
  return document(lines)
end

return remarks
