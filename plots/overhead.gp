# Throughput and P50 with a quiet policy as parts of those without one, with intervals; grey: what is expected.
# Draw again: gnuplot THIS_FILE, beside its data. Columns: place, throughput low high, P50 low high, label
height = 190 + 44 * cases

set border 1 lc rgb "#404040"
set yrange [cases - 0.4:-0.6]
set xtics nomirror out format "%.3f" textcolor rgb "#404040"
set ytics scale 0 nomirror noenhanced font ",13"
set grid xtics lt 1 lc rgb "#c8c8c8" lw 0.6
set xlabel "as a part of the same without a policy" textcolor rgb "#404040"
set label 1 heading at screen 0, 1 offset 2, -1.6 left noenhanced font ",17"
set label 2 setting at screen 0, 1 offset 2.6, -3.7 left noenhanced font ",12" textcolor rgb "#404040"
set tmargin 7
set rmargin 4
set key at graph 1, graph 1.03 bottom right horizontal samplen 1
set xrange [*<0.985:1.015<*]
set object 1 rectangle from 0.99, graph 0 to 1.01, graph 1 fc rgb "#ececec" fs solid noborder behind
set arrow 1 from 1, graph 0 to 1, graph 1 nohead lc rgb "#404040" lw 1

do for [output in "svg png"] {
  if (output eq "svg") {
    set terminal svg size 900, height font "DejaVu Sans,13" fontscale 1.2 background "white"
  } else {
    set terminal pngcairo size 1800, 2 * height font "DejaVu Sans,13" fontscale 1.8 linewidth 2 pointscale 2
  }
  set output name . "." . output
  plot data using 2:($1 - 0.12):3:4:ytic(8) with xerrorbars pt 7 ps 1 lw 1.5 lc rgb "#0072b2" title "throughput", \
       data using 5:($1 + 0.12):6:7 with xerrorbars pt 5 ps 1 lw 1.5 lc rgb "#e69f00" title "P50 of 64 pages' time"
  unset output
}
