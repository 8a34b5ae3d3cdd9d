--- memlua.base.text: text tables and bars for the terminal. Nothing here knows what a tenant is.
local host = require "memlua.host"
local voice = require "memlua.base.voice"

local text = {}

-- ---- what the terminal can do --------------------------------------------------------------------------

local function env(name)
  local value = os.getenv(name)
  return value ~= "" and value or nil
end

local for_page = false -- within text.for_page

-- Characters that a page of memlua.report.html has room for.
local PAGE <const> = 124

--- What f(...) returns, its tables and bars made for a page instead of this terminal: nothing is coloured or left out.
function text.for_page(f, ...)
  for_page = true
  local results = table.pack(pcall(f, ...))
  for_page = false
  if not results[1] then error(results[2], 0) end
  return table.unpack(results, 2, results.n)
end

--- Columns of the terminal that descriptor `fd` (1) is; $COLUMNS wins; `otherwise` (80) for a pipe.
function text.columns(otherwise, fd)
  if for_page then return PAGE end
  return math.tointeger(tonumber(env "COLUMNS")) or host.columns(fd or 1) or otherwise or 80
end

--- Whether to colour: --color, else never with NO_COLOR, TERM=dumb or a pipe.
function text.colours()
  if for_page then return false end
  local wish = voice.colour()
  if wish ~= "auto" then return wish == "always" end
  if env "NO_COLOR" or os.getenv "TERM" == "dumb" then return false end
  return host.isatty(1)
end

--- Whether block characters can be shown: a UTF-8 locale and no dumb terminal.
function text.unicode()
  if for_page then return true end
  local locale = env "LC_ALL" or env "LC_CTYPE" or env "LANG" or ""
  return os.getenv "TERM" ~= "dumb" and locale:upper():find "UTF%-?8" ~= nil
end

local CODES = { bold = "1", red = "31", dim = "2" }

--- Wraps a string in a colour ("bold", "red", "dim") where colours are shown.
function text.paint(s, colour)
  if not colour or not text.colours() then return s end
  return ("\27[%sm%s\27[0m"):format(CODES[colour], s)
end

-- ---- lines ---------------------------------------------------------------------------------------------

-- In characters; what only colours takes no room.
local function width_of(s)
  if s:find("\27", 1, true) then s = s:gsub("\27%[[%d;]*m", "") end
  return utf8.len(s) or #s
end

-- The words of one line in as many lines as it takes.
local function broken(line, width, indent, out)
  local current, empty = line:match "^ *", true
  for word in line:gmatch "[^ ]+" do
    if not empty and width_of(current) + 1 + width_of(word) > width then
      out[#out + 1] = current
      current, empty = indent, true
    end
    current, empty = current .. (empty and "" or " ") .. word, false
  end
  out[#out + 1] = current
end

--- Breaks a string at its blanks into lines of at most `width` characters (where no word is longer), what goes on
--- indented by `indent` (0) blanks; line breaks of its own stay. Returns a list of lines.
function text.wrap(s, width, indent)
  local lines = {}
  for line in (s:gsub("\n$", "") .. "\n"):gmatch "(.-)\n" do
    if width_of(line) <= width then lines[#lines + 1] = line
    else broken(line, width, (" "):rep(indent or 0), lines) end
  end
  return lines
end

--- Appends the string to the list `lines`, broken into such of at most `width` columns with the text `margin` at the left of
--- each; in a colour of text.paint, or nil.
function text.add(lines, s, width, margin, colour)
  for _, line in ipairs(text.wrap(s, width - #margin)) do lines[#lines + 1] = margin .. text.paint(line, colour) end
end

--- The string, with its line breaks, broken for the terminal; as it is in a pipe.
function text.flow(s, indent)
  local width = text.columns(math.huge)
  if width == math.huge then return s end
  return table.concat(text.wrap(s, width, indent), "\n") .. (s:sub(-1) == "\n" and "\n" or "")
end

-- Lines longer than this are hard to read.
local READABLE = 110

--- A paragraph with line breaks in the source's width: as it is in a pipe, broken anew for the terminal.
function text.paragraph(s)
  local width = text.columns(math.huge)
  if width == math.huge then return s end
  local whole = s:gsub("([^\n])\n([^\n])", "%1 %2")
  return table.concat(text.wrap(whole, math.min(width, READABLE)), "\n") .. "\n"
end

-- ---- tables --------------------------------------------------------------------------------------------

local function pad(s, width, align)
  local space = (" "):rep(width - width_of(s))
  return align == "right" and space .. s or s .. space
end

local function widths_of(columns, rows)
  local widths = {}
  for c, column in ipairs(columns) do
    widths[c] = width_of(column[1])
    for _, row in ipairs(rows) do widths[c] = math.max(widths[c], width_of(tostring(row[c] or "-"))) end
  end
  return widths
end

local function total(widths, shown, gap)
  local sum = -gap
  for c, width in ipairs(widths) do sum = sum + (shown[c] and width + gap or 0) end
  return sum
end

-- The last column, where it may wrap, asks for no more than this.
local WRAPPED = 24

local function wraps(columns) return columns[#columns].wrap end

-- Leaves out the columns of least importance (the greatest `drop`) until the rest fits.
local function fitting(columns, widths, limit)
  local shown, least = {}, table.move(widths, 1, #widths, 1, {})
  if wraps(columns) then least[#least] = math.min(least[#least], WRAPPED) end
  for c in ipairs(columns) do shown[c] = true end
  while total(least, shown, 2) > limit and not for_page do
    local victim
    for c, column in ipairs(columns) do
      if shown[c] and column.drop and (not victim or column.drop > columns[victim].drop) then victim = c end
    end
    if not victim then break end
    shown[victim] = false
  end
  return shown
end

-- The last column, where it may wrap, takes what the others leave it; a few letters it needs. Returns the blanks
-- between columns.
local function narrow_last(columns, widths, shown, limit)
  local over, last = total(widths, shown, 2) - limit, #columns
  if over > 0 and wraps(columns) then widths[last] = math.max(math.min(10, widths[last]), widths[last] - over) end
  return total(widths, shown, 2) > limit and 1 or 2
end

-- The lines of one row: more than one where the last cell wraps.
local function lines_of(columns, widths, shown, gap, cell_of, colour, out)
  local cells, last, margin = {}, #columns, 0
  for c = 1, last - 1 do
    if shown[c] then
      cells[#cells + 1] = pad(cell_of(c), widths[c], columns[c].align) .. (" "):rep(gap)
      margin = margin + widths[c] + gap
    end
  end
  local tail = { shown[last] and pad(cell_of(last), widths[last], columns[last].align) or "" }
  if shown[last] and wraps(columns) then tail = text.wrap(cell_of(last), widths[last]) end
  for i, part in ipairs(tail) do
    local line = (i == 1 and table.concat(cells) or (" "):rep(margin)) .. part
    out[#out + 1] = text.paint((line:gsub("%s+$", "")), colour)
  end
end

--- A table as a string with a newline at its end. `columns`: list of { header, align = "right"?,
--- drop = n? } (the greater n, the sooner the column is left out on a narrow terminal; the last one may have
--- wrap = true: its cells go on in further lines then); `rows`: list of lists of cells (nil shows "-"), each with
--- an optional `colour`. `width` defaults to the terminal's, and to any in a pipe.
function text.render(columns, rows, width)
  local widths, limit = widths_of(columns, rows), width or text.columns(math.huge)
  local shown = fitting(columns, widths, limit)
  local gap, lines = narrow_last(columns, widths, shown, limit), {}
  lines_of(columns, widths, shown, gap, function(c) return columns[c][1] end, "bold", lines)
  for _, row in ipairs(rows) do
    lines_of(columns, widths, shown, gap, function(c) return tostring(row[c] or "-") end, row.colour, lines)
  end
  return table.concat(lines, "\n") .. "\n"
end

--- The columns and rows as text.render takes them without the columns of which no cell tells anything: tells(cell, column).
function text.without_empty(columns, rows, tells)
  local kept, result = {}, {}
  for c in ipairs(columns) do
    for _, row in ipairs(rows) do
      if tells(row[c], columns[c]) then
        kept[#kept + 1] = c
        break
      end
    end
  end
  local shown = {}
  for i, c in ipairs(kept) do shown[i] = columns[c] end
  for r, row in ipairs(rows) do
    result[r] = { colour = row.colour }
    for i, c in ipairs(kept) do result[r][i] = row[c] end
  end
  return shown, result
end

-- ---- bars ----------------------------------------------------------------------------------------------

local EIGHTHS = { "▏", "▎", "▍", "▌", "▋", "▊", "▉" }

local function bar(length, hatched)
  if not text.unicode() then return (hatched and "/" or "#"):rep(math.floor(length + 0.5)) end
  if hatched then return ("▒"):rep(math.floor(length + 0.5)) end
  local whole = math.floor(length)
  return ("█"):rep(whole) .. (EIGHTHS[math.floor((length - whole) * 8)] or "")
end

--- A bar chart as a string: `bars` is a list of { label, value, note, hatched = bool?, colour = ?, gap = bool? };
--- a value of nil draws no bar, `gap` leaves an empty line before it.
function text.bars(bars, width)
  local most, label_width, note_width = 0, 0, 0
  for _, b in ipairs(bars) do
    most = math.max(most, b[2] or 0)
    label_width = math.max(label_width, width_of(b[1]))
    note_width = math.max(note_width, width_of(b[3] or ""))
  end
  local room = math.max(8, math.min(60, (width or text.columns()) - label_width - note_width - 3))
  local lines = {}
  for i, b in ipairs(bars) do
    local drawn = b[2] and most > 0 and bar(math.max(b[2] / most * room, 0.125), b.hatched) or ""
    if b.gap and i > 1 then lines[#lines + 1] = "" end
    lines[#lines + 1] = pad(b[1], label_width) .. "  " .. text.paint(drawn, b.colour)
      .. (drawn == "" and "" or " ") .. (b[3] or "")
  end
  return table.concat(lines, "\n") .. "\n"
end

return text
