# The tenants' memory stacked up against the parent's limit, a panel per strategy. Hatched: stalled by memory (held,
# delayed, reclaiming); a cross: lost then. Draw again: gnuplot THIS_FILE, beside its data.
# The data: a block per panel, two empty lines apart; columns: seconds, then for each tenant the top of its layer (MiB)
# and whether it was stalled (0/1). The last block holds the crosses: panel, seconds, MiB, number.
if (!exists("width")) width = 900
panel = panels == 1 ? 350.0 : 270.0
top = 78 + 24 * key_rows
height = top + panel * panels + 25

# Okabe & Ito's palette, light enough for the hatching to show
array colour[8] = ["#56b4e9", "#d55e00", "#f0e442", "#009e73", "#e69f00", "#0072b2", "#cc79a7", "#b8b8b8"]

set yrange [0:most * 1.14]
set border 3 lc rgb "#404040"
set tics nomirror out textcolor rgb "#404040"
set grid ytics lt 1 lc rgb "#c8c8c8" lw 0.6
set ylabel "MiB" textcolor rgb "#404040"
set lmargin at screen 0.1
set rmargin at screen 0.97

below(i) = i == 1 ? 0 : column(2 * i - 2)
above(i) = column(2 * i)
held(i) = column(2 * i + 1) == 1 ? above(i) : below(i)
# what isn't wanted lies outside: gnuplot 5.4 crashes where labels have no point at all
lost(p) = column(1) == p ? column(2) : -last[p]
marked(p) = strcol(4) eq "" ? -last[p] : lost(p)

do for [output in "svg png"] {
  if (output eq "svg") {
    set terminal svg size width, height font "DejaVu Sans,13" fontscale 1.2 background "white"
  } else {
    set terminal pngcairo size 2 * width, 2 * height font "DejaVu Sans,13" fontscale 1.8 linewidth 2 pointscale 2
  }
  set output name . "." . output
  set multiplot
  set label 1 heading at screen 0.02, screen 1 - 30 / height left noenhanced font ",17"
  set label 2 setting at screen 0.02, screen 1 - 58 / height left noenhanced font ",12" textcolor rgb "#404040"
  set key at screen 0.98, screen 1 - 74 / height right top horizontal maxcols columns Left reverse noenhanced samplen 2
  do for [p = 1:panels] {
    set tmargin at screen 1 - (top + 48 + (p - 1) * panel) / height
    set bmargin at screen 1 - (top + p * panel - 40) / height
    set xrange [0:last[p]]
    set xlabel (p == panels ? "seconds" : "") offset 0, 0.3 textcolor rgb "#404040"
    set label 4 titles[p] at graph 0, graph 1 offset 0, 1.7 left noenhanced font ",14"
    set label 5 losses[p] at graph 0, graph 1 offset 0, 0.5 left noenhanced font ",11" textcolor rgb "#404040"
    unset arrow 1
    unset label 3
    if (limits[p] > 0) {
      set arrow 1 from graph 0, first limits[p] to graph 1, first limits[p] nohead front lw 2 lc rgb "black"
      set label 3 limit_words[p] at graph 0.995, first limits[p] offset 0, 0.5 right front font ",12"
    }
    plot for [i = 1:tenants] data index p - 1 using 1:(below(i)):(above(i)) with filledcurves \
           fs solid 0.8 border lc rgb "black" lc rgb colour[(i - 1) % 8 + 1] title names[i], \
         for [i = 1:tenants] data index p - 1 using 1:(below(i)):(held(i)) with filledcurves \
           fs pattern 5 transparent noborder lc rgb "black" title (i == 1 ? "stalled" : ""), \
         data index panels using (lost(p)):3 with points pt 2 ps 1.6 lw 3 lc rgb "black" notitle, \
         data index panels using (marked(p)):3:4 with labels left offset 0.8, 0 noenhanced font ",12" notitle
    unset key
    unset label 1
    unset label 2
  }
  unset multiplot
  unset output
}
