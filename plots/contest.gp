# The trade of each strategy: how much it slows the best-ranked tenant (x) and the other that it slows most (y), both in times alone,
# with intervals. Hollow: a tenant was lost in some runs; a cross: in all. Names stand in a column at the right, a line leads to each.
# Draw again: gnuplot THIS_FILE, beside its data. Columns: x low high y low high fate; fate is 0 for all kept, 1 for some lost, 2
# for lost in all runs. names, xs, ys: the same points with what is said of them, the lowest first.
if (!exists("width")) width = 900
height = |names| * 24 > 380 ? 180 + |names| * 24 : 560

set xrange [from_x:to_x]
set yrange [from_y:to_y]
powers = '("0.5x" 0.5, "1x" 1, "1.5x" 1.5, "2x" 2, "3x" 3, "5x" 5, "10x" 10, "20x" 20, "50x" 50, "100x" 100, "200x" 200, "500x" 500, "1000x" 1000)'
if (log_x) { set logscale x; eval "set xtics " . powers }
if (log_y) { set logscale y; eval "set ytics " . powers }
set xtics nomirror out textcolor rgb "#404040"
set ytics nomirror out textcolor rgb "#404040"
if (!log_x) { set xtics format "%gx" }
if (!log_y) { set ytics format "%gx" }
set border 3 lc rgb "#404040"
set grid lt 1 lc rgb "#d8d8d8" lw 0.6
set xlabel "the best-ranked tenant's working time, times alone" noenhanced textcolor rgb "#404040"
set ylabel "the slowest other's time, times alone" noenhanced textcolor rgb "#404040"
set label 1 heading at screen 0.02, screen 1 - 30.0 / height left noenhanced font ",17"
set label 2 setting at screen 0.02, screen 1 - 58.0 / height left noenhanced font ",12" textcolor rgb "#404040"
set lmargin 9
set rmargin at screen 0.62
set tmargin at screen 1 - 100.0 / height
unset key

# "alone", and the best possible order: the others can't all be sooner
set arrow 1 from 1, graph 0 to 1, graph 1 nohead lw 2 lc rgb "#404040"
set label 3 "alone" at 1, graph 1 center offset 0, 0.6 font ",12" textcolor rgb "#404040"
if (best_order > 0) {
  set arrow 2 from graph 0, first best_order to graph 1, first best_order nohead lw 1.5 dt 2 lc rgb "#009e73"
  set label 4 "best possible order" at graph 0.99, first best_order right offset 0, 0.6 font ",12" textcolor rgb "#404040"
}

do for [i = 1:|names|] {
  place = (i - 0.5) / |names|
  set label 10 + i names[i] at screen 0.66, graph place left noenhanced font ",12" textcolor rgb "black"
  set arrow 10 + i from first xs[i], first ys[i] to screen 0.65, graph place nohead lw 0.6 lc rgb "#b0b0b0" back
}

do for [output in "svg png"] {
  if (output eq "svg") {
    set terminal svg size width, height font "DejaVu Sans,13" fontscale 1.2 background "white"
  } else {
    set terminal pngcairo size 2 * width, 2 * height font "DejaVu Sans,13" fontscale 1.8 linewidth 2 pointscale 2
  }
  set output name . "." . output
  plot data using ($7 < 2 && $3 > $2 ? $1 : NaN):4:2:3 with xerrorbars pt 0 lw 1.2 lc rgb "black", \
       data using ($7 < 2 && $6 > $5 ? $1 : NaN):4:5:6 with yerrorbars pt 0 lw 1.2 lc rgb "black", \
       data using ($7 < 2 ? $1 : NaN):4 with points pt 7 ps 1.6 lc rgb "#0072b2", \
       data using ($7 == 1 ? $1 : NaN):4 with points pt 7 ps 0.9 lc rgb "white", \
       data using ($7 == 2 ? $1 : NaN):4 with points pt 2 ps 1.6 lw 3 lc rgb "#d55e00"
  unset output
}
