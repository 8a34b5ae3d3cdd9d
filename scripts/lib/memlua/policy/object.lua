--- memlua.policy.object: from C to the object that the kernel takes: clang, and a cache of what it has made.
local host = require "memlua.host"
local log = require "memlua.base.log"
local memlua = require "memlua"
local sys = require "memlua.base.sys"

local object = {}

-- ---- the cache --------------------------------------------------------------------------------------------------------

--- 16 hexadecimal digits of a text. They name a folder; what lies there is compared, so that they need not be more.
function object.hash(text)
  local h = 0xcbf29ce484222325 -- FNV-1a, 64 bits
  for i = 1, #text do h = (h ~ text:byte(i)) * 0x100000001b3 end
  return ("%016x"):format(h)
end

local function cache()
  local root = os.getenv "XDG_CACHE_HOME" or (os.getenv "HOME" or "/root") .. "/.cache"
  return root .. "/memlua/policies"
end

-- Where the cache can't be written, as in the microVM of an ordinary user, objects last as long as memlua.
local passing
local function passing_cache()
  passing = passing or memlua.must(host.scratch())
  return passing:path()
end

-- What the C includes.
local HEADERS <const> = { "lua.bpf.h", "lua_record.h" }

-- A runtime that has changed makes another object of the same C.
local runtime_hash
local function version_of_runtime()
  local texts = {}
  for i, name in ipairs(HEADERS) do texts[i] = host.embedded("policies/" .. name) end
  runtime_hash = runtime_hash or object.hash(table.concat(texts))
  return runtime_hash
end

-- ---- clang -------------------------------------------------------------------------------------------------------------

local FLAGS <const> = "-target bpf -g -O2 -w"

-- The first complaint, at the line of Lua that it is about, in memlua's form.
local function complaint(said, path, name)
  local file, line, what = said:match "([^\n:]+):(%d+):%d+: %a*%s?error: ([^\n]*)"
  what = what or said:match "error: ([^\n]*)" or said:sub(1, 500)
  local remedy = what:find "stack limit" and "; it has too many locals for a BPF program: let it have fewer at a time" or ""
  local where = file and file ~= path and ("%s:%s"):format(file, line) or name
  memlua.fail(memlua.status.misuse, "%s: clang: %s%s; what it was given is %s", where, what, remedy, path)
end

local function compile(name, path, made)
  if not sys.which "clang" then
    memlua.fail(memlua.status.unsupported, "%s: a policy in Lua becomes a BPF program by clang, and there is none in $PATH; install clang", name)
  end
  local folder <close> = host.scratch()
  for _, header in ipairs(HEADERS) do memlua.must(host.save(folder:path() .. "/" .. header, host.embedded("policies/" .. header))) end
  local new = made .. folder:path():match "%.[^.]*$" -- another memlua may be at it, too
  local pipe <close> = io.popen(("clang %s -I %s -c -o %s %s 2>&1"):format(FLAGS, sys.quote(folder:path()), sys.quote(new), sys.quote(path)))
  local said = pipe:read "a"
  if not pipe:close() then complaint(said, path, name) end
  memlua.must(os.rename(new, made))
end

-- The C where `root` keeps it, as FOLDER/NAME.bpf.c. Returns the path up to .c, or nil and why it can't be kept.
local function keep(root, name, text)
  local folder = ("%s/%s"):format(root, object.hash(text))
  local base = folder .. "/" .. name .. ".bpf"
  if sys.read(base .. ".c") == text and sys.exists(base .. ".o") then return base end
  os.remove(base .. ".o") -- of another text, or half made
  local kept, why = host.mkdir(folder)
  if kept then kept, why = host.save(base .. ".c", text) end
  if not kept then return nil, why end
  return base
end

--- The object of a policy's C: made by clang, or found where it was made before. `name`: of the policy. Returns its path, beside which
--- lies the C as NAME.bpf.c. Fails with status 4 without clang, 1 with its complaint, at the line of Lua.
function object.of(name, c)
  local text = ("%s// of lua.bpf.h %s\n"):format(c, version_of_runtime())
  local base, why = keep(cache(), name, text)
  if not base then
    log.detail("%s: policies are compiled anew by each memlua", why)
    base = memlua.must(keep(passing_cache(), name, text))
  end
  if not sys.exists(base .. ".o") then compile(name, base .. ".c", base .. ".o") end
  return base .. ".o"
end

return object
