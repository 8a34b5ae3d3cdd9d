# What programs say of themselves: a panel for each figure of each tenant, a point with its interval for each strategy. Draw again:
# gnuplot THIS_FILE, beside its data. Columns: panel, series, value, low, high, note. The second block, small dots: panel, series and
# value of single runs.
if (!exists("width")) width = 900
lane = 26.0
panel = lane * series + 66
height = 84 + panel * panels + 10

# Okabe & Ito's palette in an order whose grey values differ too; the shapes differ as well (5.4's point types)
array colour[6] = ["#949494", "#0072b2", "#e69f00", "#d55e00", "#56b4e9", "#009e73"]
array filled[6] = [7, 5, 9, 13, 11, 15]
of(i) = (i - 1) % 6 + 1

set border 1 lc rgb "#404040"
set yrange [series + 0.5:0.4]
set xtics nomirror out textcolor rgb "#404040"
set ytics scale 0 nomirror noenhanced font ",13"
set grid xtics lt 1 lc rgb "#c8c8c8" lw 0.6
set lmargin margin
set rmargin 3
unset key

wanted(p) = column(1) == p ? column(3) : NaN
# of labels, what isn't wanted lies outside: gnuplot 5.4 crashes where labels have no point at all
noted(p) = column(1) == p ? column(5) : from[p] - (to[p] - from[p])

do for [output in "svg png"] {
  if (output eq "svg") {
    set terminal svg size width, height font "DejaVu Sans,13" fontscale 1.2 background "white"
  } else {
    set terminal pngcairo size 2 * width, 2 * height font "DejaVu Sans,13" fontscale 1.8 linewidth 2 pointscale 2
  }
  set output name . "." . output
  set multiplot
  set label 1 heading at screen 0.02, screen 1 - 30.0 / height left noenhanced font ",17"
  set label 2 setting at screen 0.02, screen 1 - 58.0 / height left noenhanced font ",12" textcolor rgb "#404040"
  do for [p = 1:panels] {
    set tmargin at screen 1 - (84 + (p - 1) * panel + 24) / height
    set bmargin at screen 1 - (84 + p * panel - 42) / height
    set label 3 titles[p] at graph 0, graph 1 offset -margin + 2, 0.7 left noenhanced font ",14"
    set xrange [from[p]:to[p]]
    set ytics (names[1] 1)
    do for [i = 2:series] { set ytics add (names[i] i) }
    plot data index 0 using (wanted(p)):2:4:5 with xerrorbars pt 0 lw 1.5 lc rgb "black", \
         for [i = 1:series] data index 0 using ($2 == i ? wanted(p) : NaN):2 with points pt filled[of(i)] ps 1.6 lc rgb colour[of(i)], \
         data index 1 using (wanted(p)):($2 + 0.3) with points pt 7 ps 0.4 lc rgb "#303030", \
         data index 0 using (noted(p)):2:6 with labels left offset 1.5, 0 noenhanced font ",12" textcolor rgb "black"
    unset label 1
    unset label 2
  }
  unset label
  unset multiplot
  unset output
}
