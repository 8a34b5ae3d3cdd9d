# Memory traces over time, each sample a step. Draw again: gnuplot THIS_FILE, beside its data.
# Columns: series, seconds, MB of 1,000,000 bytes
if (!exists("width")) width = 900
height = 380

array colour[6] = ["#0072b2", "#e69f00", "#d55e00", "#56b4e9", "#009e73", "#505050"]

set xrange [0:last]
set yrange [0:most * 1.08]
set border 3 lc rgb "#404040"
set tics nomirror out textcolor rgb "#404040"
set grid ytics lt 1 lc rgb "#c8c8c8" lw 0.6
set xlabel "seconds" textcolor rgb "#404040"
set ylabel "MB" textcolor rgb "#404040"
set label 1 heading at screen 0, 1 offset 2, -1.6 left noenhanced font ",17"
set tmargin 5
set rmargin 3
set key at graph 1, graph 1.02 right bottom horizontal Left reverse noenhanced samplen 2

do for [output in "svg png"] {
  if (output eq "svg") {
    set terminal svg size width, height font "DejaVu Sans,13" fontscale 1.2 background "white"
  } else {
    set terminal pngcairo size 2 * width, 2 * height font "DejaVu Sans,13" fontscale 1.8 linewidth 2 pointscale 2
  }
  set output name . "." . output
  plot for [i = 1:series] data using ($1 == i ? $2 : NaN):3 with steps lw 2 lc rgb colour[(i - 1) % 6 + 1] \
    title word(names, i)
  unset output
}
