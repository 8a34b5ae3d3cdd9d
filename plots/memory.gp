# The tenants' memory stacked up against the parent's limit. Hatched: stalled by memory (held, delayed, reclaiming);
# a cross: lost then. Draw again: gnuplot THIS_FILE, beside its data.
# Columns: seconds, then for each tenant the top of its layer (MB of 1,000,000 bytes) and whether it was stalled (0/1).
if (!exists("width")) width = 900
height = 420

# Okabe & Ito's palette, light enough for the hatching to show
array colour[8] = ["#56b4e9", "#d55e00", "#f0e442", "#009e73", "#e69f00", "#0072b2", "#cc79a7", "#b8b8b8"]

set xrange [0:last]
set yrange [0:most * 1.12]
set border 3 lc rgb "#404040"
set tics nomirror out textcolor rgb "#404040"
set grid ytics lt 1 lc rgb "#c8c8c8" lw 0.6
set xlabel "seconds" textcolor rgb "#404040"
set ylabel "memory.current, MB" textcolor rgb "#404040"
set label 1 heading at screen 0, 1 offset 2, -1.6 left noenhanced font ",17"
set label 2 setting at screen 0, 1 offset 2.6, -3.4 left noenhanced font ",12" textcolor rgb "#404040"
set tmargin 7
set rmargin 3
set key at graph 1, graph 1.02 right bottom horizontal Left reverse noenhanced samplen 2
if (limit > 0) {
  set arrow 1 from graph 0, first limit to graph 1, first limit nohead front lw 2 lc rgb "black"
  set label 3 limit_text at graph 0.99, first limit offset 0, 0.6 right front
}
eval marks

below(i) = i == 1 ? 0 : column(2 * i - 2)
above(i) = column(2 * i)
held(i) = column(2 * i + 1) == 1 ? above(i) : below(i)

do for [output in "svg png"] {
  if (output eq "svg") {
    set terminal svg size width, height font "DejaVu Sans,13" background "white"
  } else {
    set terminal pngcairo size 2 * width, 2 * height font "DejaVu Sans,13" fontscale 2 linewidth 2 pointscale 2
  }
  set output name . "." . output
  plot for [i = 1:tenants] data using 1:(below(i)):(above(i)) with filledcurves \
         fs solid 0.8 border lc rgb "black" lc rgb colour[(i - 1) % 8 + 1] title word(names, i), \
       for [i = 1:tenants] data using 1:(below(i)):(held(i)) with filledcurves \
         fs pattern 5 transparent noborder lc rgb "black" title (i == 1 ? "stalled" : "")
  unset output
}
