-- The histogram of latencies: bounds, first and last bucket, and merging without loss.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local histogram = require("memlua.worker").histogram
local stats = require "memlua.stats"

local function bucket_of(value) return histogram({ value }).buckets[1] end

-- ---- bounds ---------------------------------------------------------------------------------------------

tap.is(histogram {}, { unit = "ns", count = 0, sum = 0, buckets = {} }, "of nothing: no minimum, no maximum")
tap.is(bucket_of(0), { 0, 0, 1 }, "the first bucket is 0")
for value = 0, 63 do
  if bucket_of(value)[1] ~= value or bucket_of(value)[2] ~= value then tap.ok(false, "exact", value) end
end
tap.is(bucket_of(63), { 63, 63, 1 }, "63 is the last exact value")
tap.is(bucket_of(64), { 64, 65, 1 }, "64 shares its bucket")
tap.is(bucket_of(127), { 126, 127, 1 }, "up to 127 two values share one")
tap.is(bucket_of(128), { 128, 131, 1 }, "from 128 four")
local last = bucket_of(math.maxinteger)
tap.is(last, { math.maxinteger - (1 << 57) + 1, math.maxinteger, 1 }, "the last bucket ends with the largest integer")
tap.is(bucket_of(last[1] - 1)[2], last[1] - 1, "and begins where the one before it ends")

local gap
for bit = 6, 62 do -- around every power of two
  for _, value in ipairs { (1 << bit) - 1, 1 << bit, (1 << bit) + 1 } do
    local lo, hi = table.unpack(bucket_of(value))
    if not (lo <= value and value <= hi and (hi - lo) * 32 <= lo) then gap = value end
    if hi < math.maxinteger and bucket_of(hi + 1)[1] ~= hi + 1 then gap = value end
  end
end
tap.is(gap, nil, "around each power of two: buckets hold their value, adjoin, and are at most 1/32 wide")

-- ---- counting -------------------------------------------------------------------------------------------

local h = histogram({ 0, 5, 5, 1000 }, "us")
tap.is({ h.unit, h.count, h.min, h.max, h.sum }, { "us", 4, 0, 1000, 1010 }, "count, minimum, maximum and sum are exact")
tap.is(h.buckets, { { 0, 0, 1 }, { 5, 5, 2 }, { 992, 1007, 1 } }, "empty buckets are left out, the rest rises")
tap.is({ histogram({ 7, 0 }).min, histogram({ 0, 7 }).min }, { 0, 0 }, "a minimum of 0 stays, wherever it comes")

-- ---- merging --------------------------------------------------------------------------------------------

local random, a, b, all = stats.random(1), {}, {}, {}
for i = 1, 2000 do
  local value = (random() >> 1) >> (random(62) - 1)
  local half = i % 2 == 0 and a or b
  half[#half + 1], all[#all + 1] = value >> 12, value >> 12 -- so that the sum holds in 63 bits
end
tap.is(stats.merge { histogram(a), histogram(b) }, histogram(all), "two halves merge to the histogram of all, exactly")
table.sort(all)
local worst = 0
for _, p in ipairs { 0.01, 0.5, 0.95, 0.99, 1 } do
  local exact, found = all[math.ceil(p * #all)], stats.percentile(histogram(all), p)
  if exact > 0 then worst = math.max(worst, (found - exact) / exact) end
  tap.ok(found >= exact, ("percentile %g is not too small"):format(p), found, exact)
end
tap.ok(worst <= 1 / 32, "nor more than 1/32 too large", worst)

tap.fails(function() histogram { 1, -1 } end, "value 2: must be a whole number", "negative values are refused")
tap.fails(function() histogram { 1.5 } end, "value 1: must be a whole number", "and fractions")

tap.done()
