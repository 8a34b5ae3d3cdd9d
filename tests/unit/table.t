-- memlua.base.text: tables that fit, bars that are right, no colour where none is wanted.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"
local text = require "memlua.base.text"

host.settings.color = "never"
local columns = { { "NAME" }, { "N", align = "right" }, { "EXTRA", drop = 1 }, { "MORE", drop = 2 } }
local rows = { { "a", 1, "x", "long text" }, { "höher", 22, nil, "y" } }

tap.is(text.render(columns, rows, 80),
  "NAME    N  EXTRA  MORE\na       1  x      long text\nhöher  22  -      y\n",
  "columns are as wide as their widest cell, in characters; what is missing is a dash")
tap.is(text.render(columns, rows, 20), "NAME    N  EXTRA\na       1  x\nhöher  22  -\n", "the least important column goes first")
tap.is(text.render(columns, rows, 12), "NAME    N\na       1\nhöher  22\n", "then the next")
tap.is(text.render(columns, rows, 3), "NAME   N\na      1\nhöher 22\n", "what must be there stays, closer together")
tap.is(text.render(columns, {}, 80), "NAME  N  EXTRA  MORE\n", "no rows, only the head")

local wrapping = { { "NAME" }, { "N", drop = 1 }, { "SAYS", wrap = true } }
local verdicts = { { "one", 1, "this goes on and on" }, { "two", 2, "short" } }
tap.is(text.render(wrapping, verdicts, 80), "NAME  N  SAYS\none   1  this goes on and on\ntwo   2  short\n",
  "a column that may wrap doesn't where it fits")
tap.is(text.render(wrapping, verdicts, 20), "NAME  SAYS\none   this goes on\n      and on\ntwo   short\n",
  "it wraps when what may be left out is gone")
tap.is(text.render(wrapping, {}, 80), "NAME  N  SAYS\n", "and without rows")

tap.is(text.wrap("one two three", 7), { "one two", "three" }, "words go to the next line, none is broken")
tap.is(text.wrap("one two three", 7, 2), { "one two", "  three" }, "indented there")
tap.is(text.wrap("a considerable word", 5), { "a", "considerable", "word" }, "a word that is too long stays whole")
tap.is(text.wrap("two\n\nlines  kept\n", 20), { "two", "", "lines  kept" }, "line breaks and what fits stay as they are")
tap.is(text.wrap("höhere höhen", 12), { "höhere höhen" }, "characters are counted, not bytes")
tap.is(text.wrap("\27[1mbold\27[0m x", 6), { "\27[1mbold\27[0m x" }, "and none for colours")

host.setenv("COLUMNS", "20")
tap.is(text.paragraph "broken at\nthe source's own width\n", "broken at the\nsource's own width\n",
  "a paragraph is broken anew for the terminal")
tap.is(text.flow("one two three four five\n", 2), "one two three four\n  five\n", "lines are, each by itself")
host.setenv("COLUMNS", nil)
host.setenv("MEMLUA_TERMINALS", "")
tap.is({ text.paragraph "a\nb\n", text.flow(("x "):rep(200)) }, { "a\nb\n", ("x "):rep(200) }, "in a pipe neither")
host.setenv("MEMLUA_TERMINALS", nil)

for _, width in ipairs { 40, 80, 200 } do
  local longest = 0
  for line in text.bars({ { "high  baseline", 6.1, "6.10 s" }, { "low", 3, "3 s" } }, width):gmatch "[^\n]+" do
    longest = math.max(longest, utf8.len(line))
  end
  tap.ok(longest <= width, ("bars fit into %d columns"):format(width), longest)
end

local function line(bars, n)
  for l in bars:gmatch "[^\n]+" do
    n = n - 1
    if n == 0 then return l end
  end
end
local drawn = text.bars({ { "a", 10, "" }, { "b", 5, "" }, { "c", nil, "lost" } }, 60)
local long, short = utf8.len(line(drawn, 1)) - 4, utf8.len(line(drawn, 2)) - 4
tap.near(long / short, 2, 0.1, "half the value, half the bar")
tap.is(line(drawn, 3), "c  lost", "no value, no bar")

host.settings.color = "always"
tap.is(text.paint("x", "red"), "\27[31mx\27[0m", "--color always colours")
host.settings.color = "never"
tap.is(text.paint("x", "red"), "x", "--color never doesn't")

tap.done()
