# Error of a delay against the delay asked: as it is, and with the kernel's rounding taken out.
# Draw again: gnuplot THIS_FILE, beside its data. Columns: asked, raw low high, left low high (per cent)
set logscale x
set xtics nomirror out ("10" 10, "20" 20, "50" 50, "100" 100, "200" 200, "500" 500, "1000" 1000, "2000" 2000) \
  textcolor rgb "#404040"
set ytics nomirror out format "%+g %%" textcolor rgb "#404040"
set xrange [*<15:2600]
set offsets 0, 0, 1, 1
set border 3 lc rgb "#404040"
set grid ytics lt 1 lc rgb "#c8c8c8" lw 0.6
set xlabel "asked, ms" textcolor rgb "#404040"
set ylabel "slept longer than asked" textcolor rgb "#404040"
set label 1 heading at screen 0, 1 offset 2, -1.6 left noenhanced font ",17"
set label 2 setting at screen 0, 1 offset 2.6, -3.7 left noenhanced font ",12" textcolor rgb "#404040"
set tmargin 6
set rmargin 3
set key top right samplen 1.5 spacing 1.4
# what the experiment expects from 100 ms up
set object 1 rectangle from 100, -1 to 2600, 1 fc rgb "#e8e8e8" fs solid noborder behind

do for [output in "svg png"] {
  if (output eq "svg") {
    set terminal svg size 900, 480 font "DejaVu Sans,13" fontscale 1.2 background "white"
  } else {
    set terminal pngcairo size 1800, 960 font "DejaVu Sans,13" fontscale 1.8 linewidth 2 pointscale 2
  }
  set output name . "." . output
  plot data using 1:2:3:4 with yerrorbars pt 6 ps 1 lw 1.5 lc rgb "#e69f00" title "as it is", \
       "" using 1:2 with lines lw 1 lc rgb "#e69f00" notitle, \
       data using 1:5:6:7 with yerrorbars pt 7 ps 1 lw 1.5 lc rgb "#0072b2" \
         title "without the rounding to jiffies of " . tick . " and to the timer wheel", \
       "" using 1:5 with lines lw 1 lc rgb "#0072b2" notitle
  unset output
}
