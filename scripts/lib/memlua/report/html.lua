--- memlua.report.html: a run as one HTML file that needs nothing beside it: the table, the pictures, the machine, the script.
local host = require "memlua.host"
local json = require "memlua.json"
local memlua = require "memlua"
local plot = require "memlua.plot"
local report = require "memlua.report"
local run = require "memlua.run"
local sys = require "memlua.base.sys"
local text = require "memlua.base.text"

local html = {}

-- Pictures keep their size on a narrow screen, where their words could not be read otherwise, and their white paper in
-- the dark. What is printed can't be scrolled or unfolded.
local PAGE = [[
<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>%s</title>
<style>
  :root { color-scheme: light dark }
  body { font: 16px/1.5 sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem }
  body { color: #111; background: #fff }
  h1 { font-size: 1.6rem; line-height: 1.2; overflow-wrap: anywhere }
  pre { font: 12.5px/1.4 "DejaVu Sans Mono", monospace; overflow-x: auto; background: #f4f4f4; padding: 1rem }
  figure { margin: 2.5rem 0 }
  figure div { overflow-x: auto; background: #fff }
  img { display: block; width: 100%%; max-width: 56.25rem; min-width: 40rem; height: auto }
  figcaption { font-size: .9rem; margin-top: .5rem; color: #444 }
  summary { cursor: pointer; margin: .5rem 0 }
  @media (prefers-color-scheme: dark) {
    body { color: #ddd; background: #181818 }
    pre { background: #262626 }
    figcaption { color: #bbb }
  }
  @media print {
    body { max-width: none; margin: 0; color: #000; background: #fff }
    pre { font-size: 6.6pt; padding: 0; background: none; white-space: pre-wrap }
    figure { break-inside: avoid; margin: 1rem 0 }
    figure div { overflow: visible }
    img { min-width: 0 }
    figcaption { color: #000 }
  }
</style>
<h1>%s</h1>
<p>%s</p>
%s
</html>
]]

local ENTITIES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;" }
local function escaped(s) return (tostring(s):gsub('[&<>"]', ENTITIES)) end

-- Its first paragraph, what this is in which setting, the page has said already.
local function document(shown, folders, pictured)
  local said = text.for_page(shown.text, folders, pictured)
  return "<pre>" .. escaped((said:gsub("^.-\n\n", "", 1))) .. "</pre>"
end

-- ---- pictures ------------------------------------------------------------------------------------------------------

-- A picture may have come from elsewhere, or be restyled: as an image it can run no script and load nothing.
local function as_image(svg, heading)
  local data = svg:gsub('[%c%%#"<>&?]', function(c) return ("%%%02X"):format(c:byte()) end)
  return ('<img alt="%s" src="data:image/svg+xml;charset=utf-8,%s">'):format(escaped(heading), data)
end

-- The string that a picture's script sets a variable to, as plot.write writes it.
local function said(script, variable)
  local value = ("\n" .. script):match("\n" .. variable .. " = '([^\n]*)'")
  return value and value:gsub("''", "'")
end

local FIGURE = [[
<figure id="%s">
<div>%s</div>
<figcaption>%s <small>plots/%s.gp</small></figcaption>
</figure>]]

local function figure(folder, name)
  local path = ("%s/plots/%s"):format(folder, name)
  local script = host.kind(path .. ".gp") and run.contents(path .. ".gp") or ""
  local svg = run.contents(path .. ".svg")
  local heading, caption = said(script, "heading") or name, said(script, "caption")
  return FIGURE:format(escaped(name), as_image(svg, heading), escaped(caption or heading), escaped(name))
end

-- What matters most comes first; others follow by name.
local FIRST = { "completion", "read", "refaults", "rate", "slowdown", "memory", "latency" }

local function names_of(folder)
  local names, rank = {}, {}
  for _, file in ipairs(sys.names(folder .. "/plots")) do names[#names + 1] = file:match "^([%w_-]+)%.svg$" end
  for i, name in ipairs(FIRST) do rank[name] = i end
  table.sort(names, function(a, b)
    local x, y = rank[a] or math.huge, rank[b] or math.huge
    return x < y or x == y and a < b
  end)
  return names
end

local function figures(folder)
  local parts = {}
  for i, name in ipairs(names_of(folder)) do parts[i] = figure(folder, name) end
  return table.concat(parts, "\n")
end

-- Where there are no pictures, be it that gnuplot was missing, they are drawn for the page alone.
local function drawn(shown, folders)
  local scratch <close> = memlua.must(host.scratch())
  shown.pictures(folders, scratch:path())
  return plot.draw(scratch:path()) and figures(scratch:path()) or ""
end

local NO_PICTURES <const> = "<p>No pictures: gnuplot is missing or failed (apt install gnuplot-nox). With it "
  .. "<code>memlua show RUN --html FILE</code> draws them.</p>"

-- ---- the page ------------------------------------------------------------------------------------------------------

local function folded(title, content)
  if not content then return "" end
  return ("<details><summary>%s</summary><pre>%s</pre></details>"):format(escaped(title), escaped(content))
end

-- What is not for reading, but for looking up.
local function details(folder, of_which)
  return table.concat({
    folded("Machine" .. of_which, json.encode(folder.host, { indent = 2 })),
    folded("Scenario, options and seed" .. of_which, json.encode(folder.manifest, { indent = 2 })),
    folded("Script" .. of_which, run.script(folder.path)),
  }, "\n")
end

local function title_of(folders)
  local names = {}
  for i, folder in ipairs(folders) do names[i] = folder.manifest.about or folder.manifest.name end
  return table.concat(names, " | ")
end

--- One or several runs' folders (memlua.run.load, with `summary`) as an HTML page, a string. `shown` shows them
--- (memlua.report.kinds). The pictures are those in the plots folder of `path`, restyled or not; where there are none they are
--- drawn for the page.
function html.text(shown, folders, path)
  local title, pictures, parts = title_of(folders), figures(path), {}
  if pictures == "" then pictures = drawn(shown, folders) end
  for i, folder in ipairs(folders) do parts[i] = details(folder, #folders > 1 and ": " .. folder.path or "") end
  return PAGE:format(escaped(title), escaped(title), escaped(report.setting(folders[1])), table.concat({
    document(shown, folders, pictures ~= ""), pictures ~= "" and pictures or NO_PICTURES, table.unpack(parts) }, "\n"))
end

--- Writes html.text(...) to `target`, whole or not at all. Returns true, or nil, "path: reason".
function html.write(target, ...) return host.save(target, html.text(...)) end

return html
