# The time of each step for one tenant over the number of tenants, both axes logarithmic, a line per step.
# Draw again: gnuplot THIS_FILE, beside its data. A block per step; columns: tenants, microseconds, low, high
array colours[8] = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#000000", "#999999"]
set border 3 lc rgb "#404040"
set logscale xy
set xrange [*:*] noextend
set yrange [*:*] noextend
set offsets graph 0.03, graph 0.03, graph 0.06, graph 0.06
set xtics nomirror out textcolor rgb "#404040"
set ytics nomirror out format "%g" textcolor rgb "#404040"
set grid xtics ytics lt 1 lc rgb "#c8c8c8" lw 0.6
set xlabel "tenants"
set ylabel "microseconds per tenant"
set label 1 heading at screen 0, 1 offset 2, -1.6 left noenhanced font ",17"
set label 2 setting at screen 0, 1 offset 2.6, -3.7 left noenhanced font ",12" textcolor rgb "#404040"
set tmargin 6
set rmargin 27
set key at graph 1.03, graph 0.97 left top vertical Left reverse samplen 2 noenhanced

do for [output in "svg png"] {
  if (output eq "svg") {
    set terminal svg size 900, 520 font "DejaVu Sans,13" fontscale 1.2 background "white"
  } else {
    set terminal pngcairo size 1800, 1040 font "DejaVu Sans,13" fontscale 1.8 linewidth 2 pointscale 2
  }
  set output name . "." . output
  plot for [i = 1:|names|] data index i - 1 using 1:2:3:4:xtic(1) with yerrorlines pt 7 ps 0.8 lw 1.8 lc rgb colours[i] title names[i]
  unset output
}
