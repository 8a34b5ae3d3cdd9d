# Requests at a rate over time: how many were made, how long they took, the tenant's memory, its pressure, and what else it waited for,
# one line for each strategy, the phases of the rate shaded. A vertical line: a tenant was lost then. Draw again: gnuplot THIS_FILE, beside its data.
# The data, blocks two empty lines apart: what was asked (seconds, requests a second); for each strategy: seconds, requests a second,
# P50 and P99 in ms (0: none); for each strategy: seconds, MiB of the tenant and of all, per cent of the time stalled; for each
# strategy: seconds, per cent of the time in which it waited for the CPU, for block devices; the losses: strategy, seconds, number.
if (!exists("width")) width = 900
top = 100 + 24 * key_rows
array high[5] = [165.0, 200.0, 165.0, 150.0, 150.0]
height = top + high[1] + high[2] + high[3] + high[4] + high[5] + 56

# The colours of the same strategies in the other pictures
array colour[6] = ["#949494", "#0072b2", "#e69f00", "#d55e00", "#56b4e9", "#009e73"]
colour_of(i) = colour[(i - 1) % 6 + 1]

set border 3 lc rgb "#404040"
set tics nomirror out textcolor rgb "#404040"
set grid ytics lt 1 lc rgb "#c8c8c8" lw 0.6
set lmargin at screen 0.11
set rmargin at screen 0.97
set xrange [0:last]

array axis[5] = [what . "/s", "ms", "MiB", "% stalled", "% waiting"]
array said[5] = [what . " made; black: as many as were due", "latency from when it was due: P99, thin P50", \
  "memory of " . tenant . "; dashed: of all tenants", "memory pressure of " . tenant . ": share of the time in which some of it waited", \
  "share of the time in which some of it waited for the CPU; dashed: for block devices"]

from(p) = p == 1 ? 0 : from(p - 1) + high[p - 1]
# what isn't wanted lies outside: gnuplot 5.4 crashes where labels have no point at all
lost(i) = column(1) == i ? column(2) : -last
there(x) = x > 0 ? x : NaN

do for [output in "svg png"] {
  if (output eq "svg") {
    set terminal svg size width, height font "DejaVu Sans,13" fontscale 1.2 background "white" dashlength 0.7
  } else {
    set terminal pngcairo size 2 * width, 2 * height font "DejaVu Sans,13" fontscale 1.8 linewidth 2 dashlength 0.4
  }
  set output name . "." . output
  set multiplot
  set label 1 heading at screen 0.02, screen 1 - 30 / height left noenhanced font ",17"
  set label 2 setting at screen 0.02, screen 1 - 58 / height left noenhanced font ",12" textcolor rgb "#404040"
  set label 3 losses at screen 0.02, screen 1 - 80 / height left noenhanced font ",11" textcolor rgb "#404040"
  set key at screen 0.98, screen 1 - 98 / height right top horizontal maxcols columns Left reverse noenhanced samplen 2
  do for [p = 1:5] {
    set tmargin at screen 1 - (top + from(p) + 42) / height
    set bmargin at screen 1 - (top + from(p) + high[p] - 12) / height
    do for [k = 1:phases] {
      if (k % 2 == 0) {
        set object k rectangle from begins[k], graph 0 to (ends[k] < last ? ends[k] : last), graph 1 fc rgb "#efefef" fs solid noborder behind
      }
      if (p == 1) { set label 10 + k phase[k] at begins[k], graph 1 offset 0.3, 1.55 left noenhanced font ",11" textcolor rgb "#404040" }
      else { unset label 10 + k }
    }
    unset logscale y
    set yrange [0:(p == 1 ? most_made : most_held) * 1.08]
    if (p == 2) { set logscale y; set yrange [least * 0.7:most * 1.5] }
    if (p >= 4) { set yrange [0:105] }
    set xlabel (p == 5 ? "seconds" : "") offset 0, 0.3 textcolor rgb "#404040"
    set format x (p == 5 ? "%g" : "")
    set ylabel axis[p] noenhanced textcolor rgb "#404040"
    set label 4 said[p] at graph 0, graph 1 offset 0, 0.6 left noenhanced font ",12"
    if (p == 1) {
      plot for [i = 1:series] data index i using 1:2 with lines lw 3 lc rgb colour_of(i) title names[i], \
        data index 0 using 1:2 with steps lw 1.2 lc rgb "black" notitle, \
        for [i = 1:series] data index 3 * series + 1 using (lost(i)):(0):(0):(p == 1 ? most_made : most_held) with vectors nohead lw 1.5 dt 3 lc rgb colour_of(i) notitle
    }
    if (p == 2) {
      plot for [i = 1:series] data index i using 1:(there($3)) with lines lw 1.2 lc rgb colour_of(i) notitle, \
        for [i = 1:series] data index i using 1:(there($4)) with linespoints pt 7 ps 0.3 lw 3 lc rgb colour_of(i) notitle, \
        for [i = 1:series] data index 3 * series + 1 using (lost(i)):(least * 0.7):(0):(most) with vectors nohead lw 1.5 dt 3 lc rgb colour_of(i) notitle
    }
    if (p == 3) {
      plot for [i = 1:series] data index series + i using 1:3 with lines lw 1.2 dt 2 lc rgb colour_of(i) notitle, \
        for [i = 1:series] data index series + i using 1:2 with lines lw 3 lc rgb colour_of(i) notitle, \
        for [i = 1:series] data index 3 * series + 1 using (lost(i)):(0):(0):(p == 1 ? most_made : most_held) with vectors nohead lw 1.5 dt 3 lc rgb colour_of(i) notitle
    }
    if (p == 4) {
      plot for [i = 1:series] data index series + i using 1:4 with lines lw 2.5 lc rgb colour_of(i) notitle, \
        for [i = 1:series] data index 3 * series + 1 using (lost(i)):(0):(0):(100) with vectors nohead lw 1.5 dt 3 lc rgb colour_of(i) notitle, \
        data index 3 * series + 1 using 2:(int($0) % 2 ? 96 : 82):3 with labels left offset 0.4, 0 noenhanced font ",12" notitle
    }
    if (p == 5) {
      plot for [i = 1:series] data index 2 * series + i using 1:3 with lines lw 1.5 dt 2 lc rgb colour_of(i) notitle, \
        for [i = 1:series] data index 2 * series + i using 1:2 with lines lw 2.5 lc rgb colour_of(i) notitle, \
        for [i = 1:series] data index 3 * series + 1 using (lost(i)):(0):(0):(100) with vectors nohead lw 1.5 dt 3 lc rgb colour_of(i) notitle
    }
    unset key
    unset label 1
    unset label 2
    unset label 3
  }
  unset label
  unset object
  unset multiplot
  unset output
}
