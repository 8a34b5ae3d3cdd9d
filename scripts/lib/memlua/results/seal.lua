--- memlua.results.seal: MANIFEST.sha256, the digests of all files of a run's folder, written last. It has the form that sha256sum(1) takes,
--- so that it can be checked without memlua: sha256sum -c MANIFEST.sha256.
local host = require "memlua.host"
local memlua = require "memlua"
local printable = require "memlua.base.printable"
local run = require "memlua.run"
local sys = require "memlua.base.sys"

local seal = {}

--- Its name in the folder.
seal.NAME = "MANIFEST.sha256"

-- A folder may come from anywhere: so much is looked at, and no more.
local MOST_FILES <const>, MOST_BYTES <const> = 100000, 16 << 30

-- Names with a line break or a backslash stand there as sha256sum escapes them, with a backslash before the digest.
local DIGESTS <const> = "cd %s && find . -mindepth 1 -type f ! -path ./%s -printf '%%P\\0' | LC_ALL=C sort -z | xargs -0 -r sha256sum -- 2>/dev/null"
local FORM <const> = "^(\\?)(%x+)  (.+)$"

local function digests(path)
  local pipe <close> = io.popen(DIGESTS:format(sys.quote(path), seal.NAME))
  return pipe:read "a"
end

local function file_of(path) return path .. "/" .. seal.NAME end

--- Whether the folder `path` has one.
function seal.is_there(path) return host.kind(file_of(path)) == "file" end

--- Writes it. Fails with status 1 where that can't be.
function seal.write(path) memlua.must(host.save(file_of(path), digests(path))) end

--- Removes it: the folder is going to change.
function seal.open(path) os.remove(file_of(path)) end

-- name -> digest; second: the number of a line that is none.
local function parsed(text)
  local by_name, n = {}, 0
  for line in text:gmatch "[^\n]+" do
    n = n + 1
    local _, digest, name = line:match(FORM)
    if not digest or #digest ~= 64 or by_name[name] then return by_name, n end
    by_name[name] = digest
  end
  return by_name
end

local function said(list, fmt, ...) list[#list + 1] = printable.text(fmt:format(...)) end

-- What is no plain file, and whether there is more than a run's folder may hold.
local function look(path, list)
  local pipe <close> = io.popen(("cd %s && find . -mindepth 1 ! -type d -printf '%%y %%s %%P\\n'"):format(sys.quote(path)))
  local files, bytes = 0, 0
  for line in pipe:lines() do
    local kind, size, name = line:match "^(%a) (%d+) (.*)$"
    if kind and kind ~= "f" then said(list, "%s: a link, pipe or device; a run's folder holds plain files", name) end
    files, bytes = files + 1, bytes + (tonumber(size) or 0)
    if files > MOST_FILES or bytes > MOST_BYTES then
      said(list, "more than %d files or %d GiB: no run's folder holds that", MOST_FILES, MOST_BYTES >> 30)
      return false
    end
  end
  return true
end

--- What of the folder `path` isn't as its seal says: a list of texts, each naming a file; empty where all is. Second: how many files it
--- lists. Fails with status 1 where it has no seal.
function seal.differences(path)
  if not seal.is_there(path) then
    memlua.fail(memlua.status.misuse, "%s: has no %s: an earlier memlua made it, or it was never finished; whether it is whole can't be told", path, seal.NAME)
  end
  local list, n = {}, 0
  if not look(path, list) then return list, 0 end
  local sealed, wrong = parsed(run.contents(file_of(path)))
  if wrong then said(list, "%s: line %d is no digest and name", seal.NAME, wrong) end
  local there = parsed(digests(path))
  for _, name in ipairs(memlua.keys(sealed)) do
    n = n + 1
    if not there[name] then said(list, "%s: missing, or not to be read", name)
    elseif there[name] ~= sealed[name] then said(list, "%s: not as %s says", name, seal.NAME) end
  end
  for _, name in ipairs(memlua.keys(there)) do
    if not sealed[name] then said(list, "%s: not in %s", name, seal.NAME) end
  end
  return list, n
end

--- The digest of the seal itself: who has it from elsewhere knows that the folder is the one that was meant.
function seal.digest(path)
  local pipe <close> = io.popen("sha256sum <" .. sys.quote(file_of(path)))
  return pipe:read "a":match "^%x+"
end

--- Fails with status 7 where the folder `path` has a seal and isn't as it says, naming up to four files and `remedy`.
function seal.check(path, remedy)
  local list = seal.is_there(path) and seal.differences(path) or {}
  if #list == 0 then return end
  local more = #list > 4 and (" and %d more"):format(#list - 4) or ""
  memlua.fail(memlua.status.untrustworthy, "%s: changed since it was finished: %s%s; %s", path, table.concat(list, "; ", 1, math.min(4, #list)), more, remedy)
end

return seal
