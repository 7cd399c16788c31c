set multiplot
set xrange [x_from:x_to]
head = head_px-12
top_px(i) = height-head-(i-1.0)*(height-head-foot)/strips-26
bottom_px(i) = height-head-1.0*i*(height-head-foot)/strips
set lmargin at screen 84.0/width
set label 3 "swap file (".y_name.")" at screen 20.0/width, screen (top_px(1)+bottom_px(strips))/2/height rotate center
if (warmup > 0) {
    set arrow 1 from warmup, graph 0 to warmup, graph 1 nohead dt 3 lc rgb "#000000" front
}
do for [i=1:strips] {
    set tmargin at screen top_px(i)/height
    set bmargin at screen bottom_px(i)/height
    set label 4 label[i] at screen (is_narrow ? 8.0 : 84.0)/width, graph 1 left offset 0,0.7
    set yrange [0:top[i]]
    set ytics step[i]
    if (i == strips) {
        set xlabel time_is." (".x_name.")".(is_narrow ? "" : time_of.(warmup > 0 ? "; dotted: end of the warm-up" : ""))
        eval "set xtics nomirror out textcolor rgb '#222222' ".x_ticks
        set key at screen 0.5, screen 20.0/height center top horizontal width 3
    } else {
        unset xlabel
        unset xtics
        unset key
    }
    plot data index i-1 using 1:($3/y_unit) with fillsteps lc rgb swap_out title "mean", \
         data index i-1 using 1:($4/y_unit) with steps lw 1.5 lc rgb swap_in title "peak", \
         cap[i]/y_unit with lines lw 3.5 dt (6,4) lc rgb "#D55E00" title "cap"
    unset label 1
    unset label 2
    unset label 3
}
unset multiplot
