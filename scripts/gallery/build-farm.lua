-- A build farm: a compile of many files at once next to a service with a garbage-collected heap. node holds objects and looks some of
-- them up for each request, 50 a second and in a burst 150; `make -j` wants its memory. Swap is compressed memory.
--   memlua gallery/build-farm
-- Needs Debian's nodejs, make and gcc.
local host = require "memlua.host"
local memlua = require "memlua"
local option = require "memlua.option"
local scenario = require "memlua.scenario"

local options = option.parse {
  name = "build-farm", about = "A parallel compile next to a node service.",
  options = { { "objects", "count", default = 150000, help = "what node's heap holds" },
              { "rate", "count", default = 50, help = "requests a second; in the burst three times as many" },
              { "files", "count", default = 4, help = "how many files are compiled" },
              { "jobs", "count", default = 4, help = "how many at once" } },
}
local NODE <const> = scenario.program("node", "nodejs")
for _, program in ipairs { "make", "gcc" } do scenario.program(program, program) end

local place <close> = memlua.must(host.scratch())
local function write(name, text)
  local file <close> = assert(io.open(place:path() .. "/" .. name, "w"))
  file:write(text)
end

write("service.js", ([[
const fs = require("fs"), heap = [];
for (let i = 0; i < %d; i++) heap.push({ id: i, name: "object " + i, next: heap[i >> 1] });
const answer = fs.openSync("answers", "r+");
require("readline").createInterface({ input: fs.createReadStream("requests", { flags: "r+" }) }).on("line", line => {
  let sum = 0;
  for (let i = 1; i <= 200; i++) sum += heap[(line * 7919 + i * 104729) %% heap.length].name.length;
  fs.writeSync(answer, sum + "\n");
});
console.log("ready");
]]):format(options.objects))

local code = ""
for i = 1, 15 do code = code .. ("int f%d(int x, int *a) { for (int i = 0; i < x; i++) if (a[i] %% %d) a[i] += x; return a[x]; }\n"):format(i, i + 1) end
write("unit.c", code)
write("Makefile", ".PHONY: all\nall: $(patsubst %,%.o,$(shell seq " .. options.files .. "))\n%.o: unit.c\n\tgcc -O1 -c -o $@ unit.c\n")

-- A request goes through one pipe, its answer comes through the other.
local requests, answers
local function ask(i)
  requests = requests or assert(io.open(place:path() .. "/requests", "w"))
  answers = answers or assert(io.open(place:path() .. "/answers"))
  requests:write(i, "\n"):flush()
  return answers:read "n" ~= nil
end

local function phase(name, share, duration) return { name = name, rate = share * options.rate, duration = duration } end
local function here(name, command, more)
  local w = { kind = "exec", name = name, argv = { "sh", "-c", 'cd "$0" && ' .. command, place:path() } }
  for key, value in pairs(more or {}) do w[key] = value end
  return w
end

scenario.run {
  name = "build-farm", about = "a parallel compile next to a node service", options = options, shares = "equal", runs = 6,
  limits = { ["memory.max"] = "64M" }, swap = "256M",
  tenants = {
    { name = "service", role = "high", workloads = {
      here("node", "rm -f requests answers && mkfifo requests answers && exec " .. NODE .. " service.js",
        { background = true, ready = { line = "ready" }, stop = "TERM" }),
      { kind = "lua", name = "client", request = ask, rate = { phase("steady", 1, 2), phase("burst", 3, 1), phase("recovery", 1, 1) } } } },
    { name = "build", start = "500ms", workload = here("make", ("rm -f *.o && make -sj%d"):format(options.jobs)) },
  },
  strategies = {
    { name = "none" },
    { name = "memory.low", tenants = { service = { limits = { ["memory.low"] = "44M" } } } },
    { name = "below_low", policy = { name = "priority", roles = { high = { "service" } }, config = { trigger = "always" } } },
  },
  answer = { tenant = "service", under = "below_low", against = "none" },
}
