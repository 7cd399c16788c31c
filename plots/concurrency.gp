eval "set xtics nomirror out textcolor rgb '#222222' ".x_ticks
set grid lc rgb "#DDDDDD" lt 1 lw 1
set xrange [x_from:x_to]
set yrange [0:top]
set ytics step
set xlabel "time (".x_name.")"
set ylabel "how many"
set bmargin at screen 100.0/height
set key at screen 0.5, screen 26.0/height center top horizontal width 3
plot data using 1:3 with fillsteps lc rgb swap_out title "in service, mean", \
     data using 1:4 with steps lw 1.2 lc rgb swap_in title "in service, at most", \
     data using 1:2 with steps lw 2.4 lc rgb "#D55E00" title "workloads present"
