-- A page whose code blocks are files and whose console blocks are what the commands in them print.
local transcript = {}

local function read(path)
  local file <close> = assert(io.open(path))
  return file:read "a"
end

--- Calls `block(info, body)` for each fenced block of the page; the page with what it returns (nil: as it was).
function transcript.each(page, block)
  return (page:gsub("\n```(%w[^\n]*)\n(.-)```", function(info, body)
    local new = block(info, body)
    return new and ("\n```%s\n%s```"):format(info, new)
  end))
end

--- The page with its "```lua PATH" blocks filled from the files below `root`.
function transcript.with_files(page, root)
  return transcript.each(page, function(info)
    local path = info:match "^lua (.+)"
    return path and read(root .. "/" .. path)
  end)
end

--- The commands of a console block in order: a list of { command, output }.
function transcript.commands(body)
  local list = {}
  for line in body:gmatch "[^\n]*\n" do
    local command = line:match "^%$ (.*)\n"
    if command then
      list[#list + 1] = { command, "" }
    elseif #list > 0 then
      list[#list][2] = list[#list][2] .. line
    end
  end
  return list
end

--- The page with its console blocks renewed: `run` takes a command and returns what it prints.
function transcript.with_outputs(page, run)
  return transcript.each(page, function(info, body)
    if info ~= "console" then return nil end
    local parts = {}
    for _, command in ipairs(transcript.commands(body)) do parts[#parts + 1] = "$ " .. command[1] .. "\n" .. run(command[1]) end
    return table.concat(parts)
  end)
end

--- Runs the page's commands in order and checks, with memlua's tap, that what they print has the form that it shows.
function transcript.check(tap, page, run)
  transcript.each(page, function(info, body)
    for _, command in ipairs(info == "console" and transcript.commands(body) or {}) do
      local got, want = transcript.form(run(command[1])), transcript.form(command[2])
      tap.ok(#want > 0 and got == want, command[1], "got:\n" .. got, "the page:\n" .. want)
    end
  end)
end

--- What must be the same from run to run: words, their order, which figures there are. Numbers with their units, the
--- bars that show them and the counters of a policy are left out, as is what depends on whether a file was read before.
function transcript.form(text)
  text = text:gsub("[^\n]*waited for files of the host[^\n]*\n", "")
  text = text:gsub("[█▏▎▍▌▋▊▉▒]+", "")
  text = text:gsub("Linux [^,%s]+", "Linux #"):gsub("(policy %w+:)[^\n]*", "%1 #"):gsub("/memlua%-%x+", "/memlua-#")
  text = text:gsub("%f[%w]%d[%d.]*", "#"):gsub("# ?[mun]?s%f[%W]", "#"):gsub("#[KMG]%f[%W]", "#")
  return (text:gsub("[ \t]+", " "):gsub(" \n", "\n"):gsub("^\n+", ""):gsub("\n+", "\n"))
end

return transcript
