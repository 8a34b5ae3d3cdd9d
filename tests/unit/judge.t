-- memlua.results.judge: which results are fine, and with which status the others end.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local judge = require "memlua.results.judge"

local function results(ended, more)
  local tenant = { name = "low", ended = ended }
  for key, value in pairs(more or {}) do tenant[key] = value end
  return { { id = "001-none", duration_s = 7.2, tenants = { { name = "high", ended = "done" }, tenant } } }
end

-- The runs with what the expectations say of them, as a scenario keeps it.
local function asked(expectations, list)
  for _, result in ipairs(list) do result.expected = judge.ask(expectations, result) end
  return list
end

local function passes(name, expectations, list)
  local ok, why = pcall(judge.results, asked(expectations, list))
  tap.ok(ok, name, why)
end

passes("all done", {}, results "done")
passes("an OOM kill is a result", {}, results "oom-killed")
tap.fails(function() judge.results(results "timed out") end, "001-none: low was not done after 7 s",
  "a time-out", 124)
tap.fails(function() judge.results(results("failed", { error = "x: No space left on device" })) end,
  "001-none: low failed: x: No space left", "a tenant that failed by itself", 1)
tap.fails(function() judge.results(results("failed", { exit_code = 3 })) end, "low failed: exit status 3",
  "and its exit status where it said nothing", 1)
tap.fails(function() judge.results(results("killed", { signal = 9 })) end,
  "low was killed from outside by signal 9: the result is not trustworthy", "one that somebody killed", 7)

local function survives(result)
  for _, tenant in ipairs(result.tenants) do
    if tenant.ended ~= "done" then return false, tenant.name .. " was " .. tenant.ended end
  end
  return true
end
local expectations = { { "nobody is lost", survives } }
passes("an expectation that holds", expectations, results "done")
tap.fails(function() judge.results(asked(expectations, results "oom-killed")) end,
  "001-none: expected: nobody is lost; low was oom-killed", "one that doesn't names the run and the reason", 2)
local both = { results("oom-killed")[1], results("oom-killed")[1] }
both[2].id = "002-none"
tap.fails(function() judge.results(asked(expectations, both)) end, "001%-none.*002%-none", "every run that breaks it is named", 2)
local of_one = asked({ { "nobody is lost", survives, under = "other" } }, results "oom-killed")
tap.is({ of_one[1].expected, judge.expected(of_one) }, {}, "one of another strategy isn't asked")
local solo = results "oom-killed"
solo[1].solo = true
passes("solo runs are held to no expectation", expectations, solo)
tap.fails(function() judge.results(asked(expectations, results "timed out")) end, "not done", "time comes before expectations", 124)

tap.is({ judge.ask({}, results("done")[1]), judge.ask(expectations, solo[1]), judge.expected(solo) }, {}, "where none is asked, none is kept")

local three = { results("done")[1], results("oom-killed")[1], results("done")[1] }
three[2].id, three[3].id = "002-none", "003-none"
local kept = judge.expected(asked({ { "nobody is lost", survives }, { "all is well", function() return true end } }, three))
tap.is(kept, { { text = "nobody is lost", runs = 3, broken = { { id = "002-none", detail = "low was oom-killed" } } },
               { text = "all is well", runs = 3 } }, "what each expectation came to is kept: of how many runs, and where it is broken")
tap.is(judge.expected(asked({ { "x", function() return nil, { 1 } end } }, results "done"))[1].broken[1].detail:match "^table: ", "table: ",
  "whatever it gives as a detail")

local function careless(result) return result.tenants[3].name == "x" end
local mixed = { { "the third is x", careless }, { "nobody is lost", survives } }
tap.fails(function() judge.results(asked(mixed, both)) end,
  "001%-none: expected: the third is x: failed itself: [^\n]*judge.t:%d+: attempt to index [^\n]*\n"
  .. "memlua: 002%-none: expected: the third is x: failed itself: .*\n"
  .. "memlua: 001%-none: expected: nobody is lost; low was oom%-killed\nmemlua: 002%-none: expected: nobody is lost",
  "an expectation with an error is named with its run, and hides no other", 1)
tap.is(judge.expected(both)[1].broken[2].id, "002-none", "it is kept, too")
tap.like(judge.expected(both)[1].broken[2].error, "attempt to index", "with its error")

local function alone(...)
  local list = {}
  for i, time in ipairs { ... } do
    list[i] = { id = i, strategy = "solo-high", solo = true, duration_s = time, tenants = { { name = "high", ended = "done", completion_s = time } } }
  end
  return list
end
passes("solo runs that differ by little", {}, alone(5, 5.1, 5.4, 4.7, 6.2))
tap.fails(function() judge.results(alone(5, 6, 5.2, 4, 7)) end, "solo-high: 5 runs alone differ by 15 %", "solo runs that are too noisy", 7)
tap.fails(function() judge.results(alone(2.6, 2.6, 2.6, 234.8)) end,
  "took 234.80 s where the median is 2.60 s (more than 25 % off is not trustworthy): quieten the machine, or take --clock virtual",
  "one far off, which the deviation doesn't see", 7)
tap.fails(function() judge.results(alone(2.6, 2.6, 2.6, 1.2)) end, "took 1.20 s", "below, too", 7)
for _, times in ipairs { alone(2.6, 2.6, 2.6, 234.8), alone(5, 6, 5.2, 4, 7) } do
  local _, why = pcall(judge.results, times, { clock = "virtual" })
  tap.ok(not why.message:find "%-%-clock virtual" and why.message:find "waited for files of the host", "who has the virtual clock isn't told to take it", why.message)
end
passes("two runs say nothing about noise", {}, alone(5, 9))

-- ---- experiments ---------------------------------------------------------------------------------------------------

tap.ok(pcall(judge.experiment, { { id = "001-x", ended = "done" }, { id = "002-y" } }), "an experiment whose tenants were done")
tap.fails(function() judge.experiment { { id = "001-x", ended = "done" }, { id = "002-x", ended = "oom-killed" } } end,
  "002-x: the tenant was oom-killed", "one whose tenant was killed measured something else", 7)

tap.done()
