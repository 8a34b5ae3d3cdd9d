--- memlua.html: a run as one HTML file that needs nothing beside it: the table, the pictures, the machine, the script.
local host = require "memlua.host"
local json = require "memlua.json"
local memlua = require "memlua"
local report = require "memlua.report"
local sys = require "memlua.sys"

local html = {}

local PAGE = [[
<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>%s</title>
<style>
  body { font: 16px/1.5 sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #111; background: #fff }
  pre { font: 13px/1.35 "DejaVu Sans Mono", monospace; overflow-x: auto; background: #f4f4f4; padding: 1rem }
  svg { max-width: 100%%; height: auto }
  summary { cursor: pointer; margin: .5rem 0 }
</style>
<h1>%s</h1>
<p>%s</p>
%s
</html>
]]

local ENTITIES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;" }
local function escaped(s) return (tostring(s):gsub('[&<>"]', ENTITIES)) end

-- The document as in a pipe: what colours a terminal has no place here.
local function document(folder)
  local wish = host.settings.color
  host.settings.color = "never"
  local ok, document = pcall(report.of(folder).text, { folder })
  host.settings.color = wish
  if not ok then error(document, 0) end
  return "<pre>" .. escaped(document) .. "</pre>"
end

-- Several pictures in one page: each one's ids get a prefix of their own, or they would take each other's patterns.
local function inlined(svg, prefix)
  svg = svg:gsub("^.-<svg", "<svg", 1)
  svg = svg:gsub('(%sid=")([^"]*)"', '%1' .. prefix .. '%2"'):gsub("(%sid=')([^']*)'", "%1" .. prefix .. "%2'")
  return (svg:gsub("url%(#", "url(#" .. prefix):gsub('(href=["\'])#', "%1#" .. prefix))
end

local function pictures(folder)
  local pipe <close> = io.popen(("ls -1 -- %s/plots/*.svg 2>/dev/null"):format(sys.quote(folder.path)))
  local parts = {}
  for path in pipe:lines() do
    local name = path:match "([^/]*)%.svg$"
    parts[#parts + 1] = ("<figure aria-label=\"%s\">%s</figure>"):format(escaped(name), inlined(sys.read(path), name .. "-"))
  end
  return table.concat(parts, "\n")
end

local function folded(title, content)
  return content and ("<details><summary>%s</summary><pre>%s</pre></details>"):format(title, escaped(content)) or ""
end

--- The HTML of a run's folder (memlua.run.load) as a string. The pictures are those of its plots folder.
function html.text(folder)
  local manifest = folder.manifest
  local title = manifest.about or manifest.name
  return PAGE:format(escaped(title), escaped(title), escaped(report.setting(folder)), table.concat({
    document(folder), pictures(folder),
    folded("Machine", json.encode(folder.host, { indent = 2 })),
    folded("Scenario, options and seed", json.encode(manifest, { indent = 2 })),
    folded("Script", sys.read(folder.path .. "/script.lua")),
  }, "\n"))
end

--- Writes html.text(folder) to `path`, beside its name first. Returns true, or nil, "path: reason".
function html.write(path, folder)
  local content = html.text(folder)
  local file, why = io.open(path .. ".new", "wb")
  if not file then return nil, why end
  local done
  done, why = file:write(content)
  done = file:close() and done
  if not done then return nil, why end
  return os.rename(path .. ".new", path)
end

return html
