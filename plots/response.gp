set style line 100 lc rgb "#DDDDDD" lw 1
set grid ls 100
set xrange [x_from:x_to]
set yrange [0:100]
set ytics 10
set xlabel "response time (".x_name.")"
set ylabel "bursts that took no longer (%)"
set bmargin at screen (80.0+20*legend)/height
set key at screen 0.5, screen (26.0+20*legend)/height center top vertical maxrows legend Left reverse
do for [i=1:targets] {
    shade = target_colour[i] == 0 ? "#000000" : colour[(target_colour[i]-1)%7+1]
    set arrow i from target[i]/x_unit, graph 0 to target[i]/x_unit, graph 1 nohead dt 3 lw 2 lc rgb shade front
    if (target_share[i] >= 0) {
        set label 10+i "" at target[i]/x_unit, 100*target_share[i] point pt 12 ps 2 lw 2 lc rgb shade front
    }
}
plot for [i=1:groups] data index i-1 using ($1/x_unit):(100*$2) with steps lw 2.5 dt 1+(i-1)/7 lc rgb colour[(i-1)%7+1] title label[i], \
     for [i=1:targets] keyentry with lines dt 3 lw 2 lc rgb (target_colour[i] == 0 ? "#000000" : colour[(target_colour[i]-1)%7+1]) title target_label[i]
