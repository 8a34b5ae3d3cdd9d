# Cumulative distributions of latencies, one line per strategy. Draw again: gnuplot THIS_FILE, beside its data.
# Columns: series, milliseconds, share of values not above it
if (!exists("width")) width = 900
height = 420

array colour[6] = ["#505050", "#0072b2", "#e69f00", "#d55e00", "#56b4e9", "#009e73"]

set logscale x
set xrange [least * 0.8:most * 1.25]
set yrange [0:1.02]
set border 3 lc rgb "#404040"
set tics nomirror out textcolor rgb "#404040"
set ytics ("0" 0, "25 %%" 0.25, "P50" 0.5, "75 %%" 0.75, "P95" 0.95, "" 0.99, "" 1)
set grid ytics lt 1 lc rgb "#c8c8c8" lw 0.6
set xlabel axis noenhanced textcolor rgb "#404040"
set label 1 heading at screen 0, 1 offset 2, -1.6 left noenhanced font ",17"
set label 2 setting at screen 0, 1 offset 2.6, -3.4 left noenhanced font ",12" textcolor rgb "#404040"
set tmargin 5
set rmargin 3
set key bottom right Left reverse noenhanced

do for [output in "svg png"] {
  if (output eq "svg") {
    set terminal svg size width, height font "DejaVu Sans,13" background "white"
  } else {
    set terminal pngcairo size 2 * width, 2 * height font "DejaVu Sans,13" fontscale 2 linewidth 2 pointscale 2
  }
  set output name . "." . output
  plot for [i = 1:series] data using ($1 == i ? $2 : NaN):3 with steps lw 2.5 dt 1 + 2 * (i == 1) \
    lc rgb colour[(i - 1) % 6 + 1] title word(names, i)
  unset output
}
