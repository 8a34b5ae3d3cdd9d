--- memlua runs: the folders of earlier runs with what each came to.
local document = require "memlua.base.document"
local json = require "memlua.json"
local log = require "memlua.base.log"
local option = require "memlua.option"
local run = require "memlua.run"
local runs = require "memlua.results.find"
local text = require "memlua.base.text"

local options = option.parse {
  name = "runs", about = "The folders of earlier runs and what each came to, oldest first.", common = "print",
  arguments = { { "folder", args = "?", help = "where to look (default: where runs go without --out)" } },
}

local list = runs.list(options.folder)
if options.json then
  document.write(options.json, json.array(list))
elseif #list == 0 then
  log.say("no runs in %s", options.folder or run.state_folder())
else
  local rows = {}
  for i, one in ipairs(list) do rows[i] = { one.name, one.written, one.runs, one.verdict } end
  io.stdout:write(text.render({ { "run" }, { "written (UTC)", drop = 2 }, { "runs", align = "right", drop = 1 },
                                { "verdict", wrap = true } }, rows))
end
