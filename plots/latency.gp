# Cumulative distributions of latencies: a panel per tenant, a line per strategy; the last line, thin and black, is
# that of the solo runs, if there are any. Draw again: gnuplot THIS_FILE, beside its data.
# Columns: panel, line, milliseconds, share of values not above it
if (!exists("width")) width = 900
across = panels == 1 ? 1 : 2
down = ceil(panels / (1.0 * across))
panel = panels == 1 ? 330.0 : 250.0
top = 78 + 24 * key_rows
height = top + panel * down + 25

# The colours of the same strategies in the other pictures; in a grey print the dashes tell the lines apart
array colour[6] = ["#949494", "#0072b2", "#e69f00", "#d55e00", "#56b4e9", "#009e73"]

set logscale x
set xrange [least * 0.8:most * 1.25]

# Stretched towards the top, where the slow ones are: as much room from P90 to P99 as from 0 to P90. `rest` is less than
# the share of the greatest value of all. For a plain axis: height_of(share) = share, and tics of your own.
height_of(share) = -log10(1 - share > rest ? 1 - share : rest)
most_high = height_of(1)
set yrange [0:most_high * 1.02]
array tic[7] = ["P50", "P90", "P99", "P99.9", "P99.99", "P75", "P95"]
array share[7] = [0.5, 0.9, 0.99, 0.999, 0.9999, 0.75, 0.95]
tics = most_high < 3.4 ? 7 : 5

colour_of(i) = i > series ? "black" : colour[(i - 1) % 6 + 1]
array dash[6] = [1, 1, 2, 1, 3, 4]
dash_of(i) = i > series ? 1 : dash[(i - 1) % 6 + 1]
width_of(i) = i > series ? 1.2 : 3
left(p) = 0.09 + (across == 2 && p % 2 == 0 ? 0.5 : 0)
row(p) = across == 2 ? (p - 1) / 2 : p - 1

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
  # the key of all panels: that of one would be as narrow as the panel
  set key at screen 0.98, screen 1 - 74 / height right top horizontal maxcols columns Left reverse noenhanced samplen 2
  set lmargin at screen 0.02
  set rmargin at screen 0.98
  unset border
  unset tics
  unset xlabel
  unset label 4
  plot -1 notitle, for [i = 1:lines] keyentry with lines lw width_of(i) dt dash_of(i) lc rgb colour_of(i) title names[i]
  unset key
  unset label 1
  unset label 2
  set border 3 lc rgb "#404040"
  set tics nomirror out textcolor rgb "#404040"
  set xtics nomirror
  if (most < 50 * least) {
    do for [k = -6:6] {
      set xtics add (sprintf("%g", 2 * 10.0 ** k) 2 * 10.0 ** k, sprintf("%g", 5 * 10.0 ** k) 5 * 10.0 ** k)
    }
  }
  set ytics nomirror ("0" 0, "max" most_high)
  do for [t = 1:tics] {
    if (1 - share[t] > 2 * rest) { set ytics add (tic[t] height_of(share[t])) }
  }
  set grid ytics lt 1 lc rgb "#c8c8c8" lw 0.6
  do for [p = 1:panels] {
    set lmargin at screen left(p)
    set rmargin at screen left(p) + (across == 2 ? 0.39 : 0.89)
    set tmargin at screen 1 - (top + 30 + row(p) * panel) / height
    set bmargin at screen 1 - (top + (row(p) + 1) * panel - 40) / height
    set xlabel (p > panels - across ? axis : "") offset 0, 0.3 noenhanced textcolor rgb "#404040"
    set label 4 titles[p] at graph 0, graph 1 offset 0, 0.6 left noenhanced font ",14"
    plot for [i = 1:lines] data using ($1 == p && $2 == i ? $3 : NaN):(height_of($4)) with steps \
      lw width_of(i) dt dash_of(i) lc rgb colour_of(i)
  }
  unset multiplot
  unset output
}
