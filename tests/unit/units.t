-- memlua.units: what is read and what is shown.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local units = require "memlua.units"

tap.is(units.size "512M", 512 << 20, "512M is binary")
tap.is(units.size "1.5G", 3 << 29, "1.5G")
tap.is(units.size "4096", 4096, "a bare number is bytes")
tap.is(units.size(4096), 4096, "so is a number")
tap.is(units.size("25%", 1000), 250, "25% of 1000")
tap.is(units.size("25%"), nil, "a percentage of nothing is none")
tap.is(units.limit "max", "max", "max is a limit")
tap.is(units.size "max", nil, "but no size")
for _, bad in ipairs { "12X", "", "-1", "M", "1e", "1 2", "nan", "inf", "1.5", "0.5B" } do
  local bytes, why = units.size(bad)
  tap.ok(bytes == nil and why:find(bad, 1, true), ("'%s' is refused by name"):format(bad), bytes, why)
end
tap.is(units.size(-5), nil, "a negative number is refused")

tap.is(units.duration "1.5s", 1.5, "1.5s")
tap.is(units.duration "200ms", 0.2, "200ms")
tap.is(units.duration(5), 5.0, "5")
tap.is(units.duration "5x", nil, "5x is refused")
tap.is(units.duration(-1), nil, "a negative duration is refused")
tap.is(units.duration(math.huge), nil, "an endless one too")

tap.is(units.format_size(0), "0", "0")
tap.is(units.format_size(1023), "1023", "1023 stays in bytes")
tap.is(units.format_size(1024), "1K", "1K")
tap.is(units.format_size(544 << 20), "544M", "544M")
tap.is(units.format_size(3 << 29), "1.5G", "1.5G")
tap.is(units.format_size "max", "max", "max")
tap.is(units.format_size(nil), "-", "what wasn't measured is a dash")

tap.is(units.format_duration(nil), "-", "a duration that wasn't measured too")
tap.is(units.format_duration(0), "0 s", "0 s")
tap.is(units.format_duration(5e-9), "5 ns", "ns")
tap.is(units.format_duration(12.3e-6), "12.3 us", "us")
tap.is(units.format_duration(0.2), "200 ms", "ms")
tap.is(units.format_duration(3226), "3226.00 s", "s")

tap.done()
