-- What the shells offer: memlua's own answer, and bash, zsh and fish asked for real. No script is run for it.
local tests = arg[0]:match "^(.*)/[^/]*/[^/]*$"
package.path = tests .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local complete = require "memlua.cli.complete"
local host = require "memlua.host"

local quote <const> = require "memlua.base.sys".quote
local output_of <const> = require "shell".said

local scratch = os.tmpname()
os.remove(scratch)
assert(host.mkdir(scratch .. "/folder"))
assert(os.execute(("mkdir -p %s/state/memlua && cp -r %s/fixtures/baseline %s/state/memlua"):format(
  scratch, quote(tests), scratch)))
local tidy <close> = setmetatable({}, { __close = function() os.execute("rm -rf " .. scratch) end })
host.setenv("XDG_STATE_HOME", scratch .. "/state")

-- ---- the answer -----------------------------------------------------------------------------------------------

local function offered(...)
  local list, also = complete.candidates { ... }
  local words = {}
  for _, candidate in ipairs(list) do words[candidate[1]] = candidate[2] end
  return words, also
end
local function offers(word, ...)
  local words = offered(...)
  return tap.ok(words[word], ("memlua %s<TAB> offers %s"):format(table.concat({ ... }, " "), word), words)
end
local protected = tests .. "/../scripts/protected.lua"

for option in output_of(quote(host.executable()) .. " --help"):gmatch "\n  [- ][-%a, ]*(%-%-[%w-]+)" do
  offers(option, "-")
end
offers("-e", "-")
offers("doctor", "")
offers("show", "-r", "3", "sh")
offers("protected", "pro")
offers("--preset", "protected", "--")
offers("kvm", "--accel", "")
offers("--accel=kvm", "--accel=k")
offers("--probe", "doctor", "--")
offers("--preset", protected, "--")
offers("--runs", protected, "--")
offers("plan", protected, "--preset", "p")
offers("virtual", protected, "--preset", "plan", "--clock", "v")
offers("baseline", "show", "")
offers("last", "pack", "")
offers("last", "replay-policy", "")
tap.is({ offered("replay-policy", "last", "") }, { {}, ":files" }, "a file where a policy is wanted")
offers("reserve", tests .. "/../scripts/guard.lua", "--policy", "")
offers("worker.spawn", "help", "worker.")
offers("scenario", "help", "sc")
offers("priority", "help", "pri")
offers("policies", "help", "pol")
tap.is({ offered(protected, "--size", "") }, { {}, ":none" }, "nothing where a size is wanted")
tap.is({ offered("-vo", "") }, { {}, ":folders" }, "folders for -o")
tap.is({ offered("-vqe", "") }, { {}, ":none" }, "nothing for code")
tap.is({ offered "no-such-thing" }, { {}, ":files" }, "files otherwise")
tap.is({ offered("no-such.lua", "--") }, { {}, ":none" }, "no options of what can't be read")
tap.ok(not offered("doctor", "--")["--runs"], "a command that runs nothing has no --runs")
for name in output_of("ls " .. quote(tests .. "/../scripts")):gmatch "[%w-]+%.lua" do
  offers("--help", tests .. "/../scripts/" .. name, "--h")
end

-- ---- nothing is run ---------------------------------------------------------------------------------------------

local function script(text)
  local path = scratch .. "/script.lua"
  io.open(path, "w"):write(text):close()
  return path
end
local OPTIONS = [[require "memlua.option".parse { options = { { "mine", "flag" } } }]]
tap.ok(offered(script(OPTIONS), "--")["--mine"], "a script's options are found")
tap.ok(offered(script("#!/usr/bin/memlua\n" .. OPTIONS), "--")["--mine"], "behind a first line for the kernel too")
local trace = scratch .. "/trace"
local ACTS = {
  "os.execute 'touch %s'", "io.open('%s', 'w')", "io.popen 'touch %s'", "require 'memlua.host'.mkdir '%s'",
  "require 'memlua.json'.write('%s', {})", "require 'memlua.cgroup'.create '%s'", "require 'memlua.run'.create '%s'",
  "load('io.open([[%s]], [[w]])')()", "dofile '%s'", "debug.getregistry()", "while true do end",
}
for _, act in ipairs(ACTS) do
  local words = offered(script(act:format(trace) .. "\n" .. OPTIONS), "--")
  tap.ok(not words["--mine"] and not io.open(trace), act .. " ends it", words)
end
tap.ok(offered(script(OPTIONS .. ("io.open('%s', 'w')"):format(trace)), "--")["--mine"] and not io.open(trace),
  "nothing behind the options is run")
script "local scenario = require 'memlua.scenario'; scenario.run {}"
tap.ok(offered(scratch .. "/script.lua", "--")["--runs"], "a scenario without options of its own has the common ones")
io.open(scratch .. "/complete", "w"):write(("io.open('%s', 'w')"):format(trace)):close()
tap.like(output_of(("cd %s && %s complete doc"):format(scratch, quote(host.executable()))), "doctor\t",
  "a file named complete")
tap.ok(not io.open(trace), "isn't run")

-- ---- the shells -------------------------------------------------------------------------------------------------

local root, folder = tests .. "/..", host.executable():match "^(.*)/"
local function file(name) return quote(tests .. "/../host/completion/" .. name) end

-- Each: words as typed, and what the shell must offer, or put there where it is the only one.
local CASES = {
  { "", "doctor" }, { "--ac", "--accel" }, { "--accel ", "kvm" }, { "--accel=k", "kvm" }, { "doctor --", "--probe" },
  { "scripts/protected.lua --pre", "--preset" }, { "scripts/protected.lua --preset ", "plan" },
  { "show base", "baseline" }, { "scr", "scripts" }, { "-o scr", "scripts" },
}

local ASK_BASH = [=[. %s; cd %s; PATH=%s:$PATH; COMP_LINE=%s
  words=${COMP_LINE//=/ = }; read -ra COMP_WORDS <<<"$words"; [[ $words == *' ' ]] && COMP_WORDS+=("")
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _memlua; printf '%%s\n' "${COMPREPLY[@]}"]=]
local ASK_FISH = "source %s; cd %s; set -x PATH %s $PATH; complete -C%s"
-- a shell of its own on a terminal of its own; what TAB makes of the line is shown there
local ASK_ZSH = [=[zmodload zsh/zpty; zpty z TERM=dumb zsh -fi; rest=; got=
  zpty -w z "fpath=(%s \$fpath); PATH=%s:\$PATH; cd %s; autoload -Uz compinit; compinit -u -d %s/zcompdump"
  zpty -w z "PS1='> '; LISTMAX=1000; echo re''ady"
  until [[ $got == *ready$'\r'* ]] { zpty -r z rest || exit 1; got+=$rest }
  zpty -w -n z $'%s\t\t\C-a# \n'; zpty -w z 'echo do''ne'; got=
  until [[ $got == *$'\n'done$'\r'* ]] { zpty -r z rest || break; got+=$rest }
  print -r -- $got]=]

local SHELLS = {
  { "bash", function(line)
    return "bash -c "
      .. quote(ASK_BASH:format(file "memlua.bash", quote(root), quote(folder), quote("memlua " .. line)))
  end },
  { "fish", function(line)
    return ("HOME=%s fish --no-config -c "):format(scratch)
      .. quote(ASK_FISH:format(file "memlua.fish", quote(root), quote(folder), quote("memlua " .. line)))
  end },
  { "zsh", function(line)
    return "timeout 60 zsh -fc " .. quote(ASK_ZSH:format(root .. "/host/completion", folder, root, scratch,
      "memlua " .. line))
  end },
}
for _, shell in ipairs(SHELLS) do
  if os.execute("command -v " .. shell[1] .. " >/dev/null") then
    for _, case in ipairs(CASES) do
      local got = output_of(shell[2](case[1]))
      local word = case[2]:gsub("%p", "%%%0")
      tap.ok(got:find("%f[%w-]" .. word .. "%f[^%w-]") or got:find(case[2] .. "\n", 1, true),
        ("%s: memlua %s<TAB> offers %s"):format(shell[1], case[1], case[2]), got)
    end
  else
    tap.skip(shell[1] .. " completes", "no " .. shell[1] .. " here")
  end
end
tap.done()
