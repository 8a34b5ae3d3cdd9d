-- The pictures' colours can be told apart by colour-blind readers and in a grey print, and texts can be read.
package.path = arg[0]:match "^(.*)/[^/]*/[^/]*$" .. "/lib/?.lua;" .. package.path
local tap = require "tap"
local host = require "memlua.host"

-- ---- colours --------------------------------------------------------------------------------------------------

-- "#0072b2" as linear light, by the transfer function of sRGB (IEC 61966-2-1).
local function linear(hex)
  local rgb = {}
  for i, part in ipairs { hex:match "#(%x%x)(%x%x)(%x%x)" } do
    local v = tonumber(part, 16) / 255
    rgb[i] = v <= 0.04045 and v / 12.92 or ((v + 0.055) / 1.055) ^ 2.4
  end
  return rgb
end

local function times(m, v)
  local out = {}
  for i = 1, 3 do out[i] = m[i][1] * v[1] + m[i][2] * v[2] + m[i][3] * v[3] end
  return out
end

-- How colours look to those who lack one kind of cone: Machado, Oliveira & Fernandes, "A Physiologically-based Model
-- for Simulation of Color Vision Deficiency", IEEE TVCG 15(6), 2009, severity 1.0; applied to linear light.
local SIGHTS = {
  ["full colour vision"] = { { 1, 0, 0 }, { 0, 1, 0 }, { 0, 0, 1 } },
  protanopia = { { 0.152286, 1.052583, -0.204868 }, { 0.114503, 0.786281, 0.099216 }, { -0.003882, -0.048116, 1.051998 } },
  deuteranopia = { { 0.367322, 0.860646, -0.227968 }, { 0.280085, 0.672501, 0.047413 }, { -0.011820, 0.042940, 0.968881 } },
  tritanopia = { { 1.255528, -0.076749, -0.178779 }, { -0.078411, 0.930809, 0.147602 }, { 0.004733, 0.691367, 0.303900 } },
}

-- CIE 1976 L*a*b* of linear light, white D65.
local XYZ = { { 0.4124, 0.3576, 0.1805 }, { 0.2126, 0.7152, 0.0722 }, { 0.0193, 0.1192, 0.9505 } }
local function lab(rgb)
  local xyz = times(XYZ, rgb)
  local function f(t) return t > (6 / 29) ^ 3 and t ^ (1 / 3) or t * 841 / 108 + 4 / 29 end
  local x, y, z = f(xyz[1] / 0.9505), f(xyz[2]), f(xyz[3] / 1.0890)
  return { 116 * y - 16, 500 * (x - y), 200 * (y - z) }
end

local function distance(a, b) return math.sqrt((a[1] - b[1]) ^ 2 + (a[2] - b[2]) ^ 2 + (a[3] - b[3]) ^ 2) end

tap.near(lab(linear "#ffffff")[1], 100, 0.1, "white is as light as can be")
tap.near(distance(lab(linear "#ff0000"), lab(linear "#000000")), 117.3, 0.5, "red's distance from black is the published one")
tap.ok(distance(lab(times(SIGHTS.deuteranopia, linear "#ff0000")), lab(times(SIGHTS.deuteranopia, linear "#7f7f00"))) < 40,
  "red and olive are close for deuteranopes")

-- ---- the palettes ---------------------------------------------------------------------------------------------

-- A just noticeable difference is 2.3 (Mahy et al. 1994); areas that don't touch need several times that.
local APART, GREY_APART = 10, 8

local palettes = 0
for _, name in ipairs(host.embedded_names()) do
  local template = name:match "^plots/.*%.gp$" and host.embedded(name)
  local colours = {}
  for colour in (template and template:match "\narray colour%[%d+%] = (%b[])" or ""):gmatch "#%x+" do colours[#colours + 1] = colour end
  if #colours > 0 then palettes = palettes + 1 end
  for sight, matrix in pairs(SIGHTS) do
    local least, pair = math.huge, ""
    for i = 1, #colours do
      for j = i + 1, #colours do
        local d = distance(lab(times(matrix, linear(colours[i]))), lab(times(matrix, linear(colours[j]))))
        if d < least then least, pair = d, colours[i] .. " " .. colours[j] end
      end
    end
    if #colours > 0 then tap.ok(least >= APART, ("%s: told apart with %s"):format(name, sight), least, pair) end
  end
  for i = 2, #colours do
    local a, b = lab(linear(colours[i - 1]))[1], lab(linear(colours[i]))[1]
    tap.ok(math.abs(a - b) >= GREY_APART, ("%s: %s beside %s is another grey"):format(name, colours[i - 1], colours[i]), a, b)
  end
  for colour in (template or ""):gmatch 'textcolor rgb "(#%x+)"' do
    -- 4.5 : 1 is what WCAG 2 asks of texts (1.4.3)
    local contrast = 1.05 / (times(XYZ, linear(colour))[2] + 0.05)
    tap.ok(contrast >= 4.5, ("%s: texts of %s stand out from white"):format(name, colour), contrast)
  end
end
-- A strategy looks the same wherever it is shown, and not only its colour tells it from others.
local function listed(name, array) return (host.embedded("plots/" .. name .. ".gp"):match("\narray " .. array .. "%[%d+%] = (%b[])")) end
tap.is({ listed("slowdown", "colour"), listed("latency", "colour") }, { listed("bars", "colour"), listed("bars", "colour") },
  "bars, dots and lines have the colours of the same strategies")
for _, array in ipairs { "filled", "hollow" } do
  local shapes, kinds = {}, 0
  for shape in listed("slowdown", array):gmatch "%d+" do shapes[shape] = true end
  for _ in pairs(shapes) do kinds = kinds + 1 end
  tap.is(kinds, 6, "slowdown: six " .. array .. " shapes differ")
end
tap.ok(palettes >= 5, "there are palettes at all", palettes)
tap.done()
