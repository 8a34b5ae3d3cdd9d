# What the tenants compete in: one bar per tenant and series, direct labels, whiskers where there are intervals.
# A tenant that was lost has a hatched bar that ends in a cross at the time of its end: no completion.
# Pale: the part of it in which memory was only held. Dots: single runs.
# Draw again: gnuplot THIS_FILE, beside its data. Columns: place series length low high lost note label working; the
# second block: place and length of single runs.
if (!exists("width")) width = 900
# a PNG of twice this height must stay below the 32767 pixels of its library
lane = places * 32 < 15000 ? 32 : 15000.0 / places
height = 150 + lane * places

# Okabe & Ito's palette in an order whose grey values differ too
array colour[6] = ["#949494", "#0072b2", "#e69f00", "#d55e00", "#56b4e9", "#009e73"]

# room: with the labels at the right, which are as important as the bars
set xrange [0:room]
set yrange [places - 0.2:-0.9]
set border 1 lc rgb "#404040"
set xtics nomirror out textcolor rgb "#404040"
set ytics scale 0 nomirror noenhanced font ",14"
set ytics (labels[1] at[1])
do for [t = 2:|labels|] { set ytics add (labels[t] at[t]) }
set grid xtics lt 1 lc rgb "#c8c8c8" lw 0.6
set xlabel axis noenhanced textcolor rgb "#404040"
set label 1 heading at screen 0.02, screen 1 - 30.0 / height left noenhanced font ",17"
set label 2 setting at screen 0.02, screen 1 - 58.0 / height left noenhanced font ",12" textcolor rgb "#404040"
set lmargin margin
set rmargin 3
set tmargin at screen 1 - 80.0 / height
unset key

text(label, note) = label . ": " . note

do for [output in "svg png"] {
  if (output eq "svg") {
    set terminal svg size width, height font "DejaVu Sans,13" fontscale 1.2 background "white"
  } else {
    set terminal pngcairo size 2 * width, 2 * height font "DejaVu Sans,13" fontscale 1.8 linewidth 2 pointscale 2
  }
  set output name . "." . output
  plot for [i = 1:series] data index 0 using ($2 == i && $6 == 0 ? $3 : NaN):1:(0):3:($1 - 0.42):($1 + 0.42) \
         with boxxyerror fs solid 0.4 border rgb "black" lc rgb colour[(i - 1) % 6 + 1], \
       for [i = 1:series] data index 0 using ($2 == i && $6 == 0 ? $9 : NaN):1:(0):9:($1 - 0.42):($1 + 0.42) \
         with boxxyerror fs solid 1 border rgb "black" lc rgb colour[(i - 1) % 6 + 1], \
       data index 0 using ($6 == 1 ? $3 : NaN):1:(0):3:($1 - 0.42):($1 + 0.42) \
         with boxxyerror fs pattern 4 border rgb "black" lc rgb "#707070", \
       data index 0 using ($6 == 1 ? $3 : NaN):1 with points pt 2 ps 1.6 lw 3 lc rgb "black", \
       data index 1 using 2:($1 + 0.27) with points pt 7 ps 0.4 lc rgb "#303030", \
       data index 0 using ($5 > $4 ? $3 : NaN):1:4:5 with xerrorbars pt 0 lw 1.5 lc rgb "black", \
       data index 0 using ($5 > $3 ? $5 : $3):1:(text(strcol(8), strcol(7))) \
         with labels left offset 1.2, 0 noenhanced font ",12" textcolor rgb "black"
  unset output
}
