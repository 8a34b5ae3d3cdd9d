-- "Load shedding in collaboration with the workload": a tenant hears its headroom, and gives memory back before anybody is lost.
--   memlua wishes/shedding --runs 6
-- A cache holds what it can; a batch job comes and needs a third of the memory. A controller in user space, woken each 10 ms, writes what
-- is left below the session's limit into a file that the cache looks at before it takes more; below a threshold it lets half go.
local host = require "memlua.host"
local option = require "memlua.option"
local scenario = require "memlua.scenario"

local options = option.parse {
  name = "shedding", about = "A cache that hears its headroom, and one that doesn't, beside a batch job.",
  options = { { "limit", "limit", default = "64M", help = "memory.max of the session" },
              { "cache", "size", default = "44M", help = "what the cache holds at most" },
              { "batch", "size", default = "32M", help = "what the batch job takes" },
              { "shed", "size", default = "20M", help = "headroom below which the cache lets half of it go" } },
}

local told <const> = "/dev/shm/headroom"

local function headroom()
  local file <close> = io.open(told)
  return file and file:read "n" -- nobody tells a deaf one
end

local function serve(step)
  local held, most = {}, options.cache >> 20
  local ends = host.monotonic() + 4
  while host.monotonic() < ends do
    local left = headroom()
    if left and left < options.shed then
      for i = #held, #held // 2 + 1, -1 do held[i] = nil end
      collectgarbage()
    elseif #held < most and (not left or left > options.shed + (4 << 20)) then
      held[#held + 1] = ("x"):rep(1 << 20)
    end
    step(#held << 20)
    host.sleep(0.02)
  end
end

local function tell(c)
  c:every("10ms", function()
    host.save(told, ("%d"):format(options.limit - c.session:usage()))
  end)
end

local function all_done(run)
  if run.strategy ~= "told" then return true end
  for _, tenant in ipairs(run.tenants) do if tenant.ended ~= "done" then return false, tenant.name .. ": " .. tenant.ended end end
  return true
end

scenario.run {
  name = "shedding", options = options, about = "a cache beside a batch job", solo = false, warmup = 0,
  limits = { ["memory.max"] = options.limit, ["memory.swap.max"] = 0 },
  hooks = { teardown = function() os.remove(told) end },
  tenants = { { name = "cache", role = "low", workload = { kind = "lua", run = serve } },
              { name = "batch", role = "high", start = 2, workload = { kind = "anon", size = options.batch, hold = 1 } } },
  strategies = { { name = "deaf" }, { name = "told", controller = tell } },
  expect = { { "nobody is lost where the cache hears", all_done } },
}
