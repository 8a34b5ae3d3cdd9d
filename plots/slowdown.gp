# How many times as long as alone each tenant takes: one dot per tenant and series, direct labels, whiskers where there
# are intervals. A hollow dot survived beside losses; a cross at the margin was lost.
# Draw again: gnuplot THIS_FILE, beside its data. Columns: place series slowdown low high fate note label; fate is 0 for
# done, 1 for beside losses, 2 for lost. The second block, small dots: place and slowdown of single runs.
if (!exists("width")) width = 900
# a PNG of twice this height must stay below the 32767 pixels of its library
lane = places * 28 < 15000 ? 28 : 15000.0 / places
height = 170 + lane * places

# Okabe & Ito's palette in an order whose grey values differ too; the shapes differ as well (5.4's point types)
array colour[6] = ["#949494", "#0072b2", "#e69f00", "#d55e00", "#56b4e9", "#009e73"]
array filled[6] = [7, 5, 9, 13, 11, 15]
array hollow[6] = [6, 4, 8, 12, 10, 14]
of(i) = (i - 1) % 6 + 1

if (logarithmic) {
  set logscale x
  set xtics nomirror out textcolor rgb "#404040" ("0.1x" 0.1, "0.2x" 0.2, "0.5x" 0.5, "1x" 1, "2x" 2, "5x" 5, \
    "10x" 10, "20x" 20, "50x" 50, "100x" 100, "200x" 200, "500x" 500, "1000x" 1000, "10000x" 10000)
} else {
  set xtics nomirror out format "%gx" textcolor rgb "#404040"
}
set xrange [from:to]
set yrange [places - 0.2:-0.9]
set border 1 lc rgb "#404040"
set ytics scale 0 nomirror noenhanced font ",14"
set ytics (labels[1] at[1])
do for [t = 2:|labels|] { set ytics add (labels[t] at[t]) }
set grid xtics lt 1 lc rgb "#c8c8c8" lw 0.6
set arrow 1 from 1, graph 0 to 1, graph 1 nohead lw 2 lc rgb "#404040"
set label 3 "alone" at 1, graph 1 center offset 0, 0.6 font ",12" textcolor rgb "#404040"
set xlabel "times as long as alone; hollow: others were lost; a cross: lost itself" noenhanced textcolor rgb "#404040"
set label 1 heading at screen 0.02, screen 1 - 30.0 / height left noenhanced font ",17"
set label 2 setting at screen 0.02, screen 1 - 58.0 / height left noenhanced font ",12" textcolor rgb "#404040"
set lmargin margin
set rmargin 3
set tmargin at screen 1 - 105.0 / height
unset key

text(label, note) = label . ": " . note
# of labels, what isn't wanted lies outside: gnuplot 5.4 crashes where labels have no point at all
part(share) = logarithmic ? from * (to / from) ** share : from + share * (to - from)

do for [output in "svg png"] {
  if (output eq "svg") {
    set terminal svg size width, height font "DejaVu Sans,13" fontscale 1.2 background "white"
  } else {
    set terminal pngcairo size 2 * width, 2 * height font "DejaVu Sans,13" fontscale 1.8 linewidth 2 pointscale 2
  }
  set output name . "." . output
  plot data index 0 using ($6 < 2 && $5 > $4 ? $3 : NaN):1:4:5 with xerrorbars pt 0 lw 1.5 lc rgb "black", \
       for [i = 1:series] data index 0 using ($2 == i && $6 < 2 ? $3 : NaN):1 \
         with points pt filled[of(i)] ps 1.6 lc rgb colour[of(i)], \
       for [i = 1:series] data index 0 using ($2 == i && $6 == 1 ? $3 : NaN):1 \
         with points pt filled[of(i)] ps 0.8 lc rgb "white", \
       for [i = 1:series] data index 0 using ($2 == i && $6 < 2 ? $3 : NaN):1 \
         with points pt hollow[of(i)] ps 1.6 lw 0.8 lc rgb "black", \
       data index 1 using 2:($1 + 0.3) with points pt 7 ps 0.4 lc rgb "#303030", \
       data index 0 using ($6 == 2 ? part(0.985) : NaN):1 with points pt 2 ps 1.6 lw 3 lc rgb "black", \
       data index 0 using ($6 < 2 ? $5 : part(-1)):1:(text(strcol(8), strcol(7))) \
         with labels left offset 1.5, 0 noenhanced font ",12" textcolor rgb "black", \
       data index 0 using (part($6 == 2 ? 0.965 : -1)):1:(text(strcol(8), strcol(7))) \
         with labels right noenhanced font ",12" textcolor rgb "black"
  unset output
}
