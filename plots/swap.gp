set multiplot
set xrange [x_from:x_to]
set xtics x_step
set ylabel "swap file (".y_name.")"
set style fill solid 1 noborder
top_px(i) = height-head-(i-1)*(height-head-foot)/strips-26
bottom_px(i) = height-head-i*(height-head-foot)/strips
do for [i=1:strips] {
    set tmargin at screen 1.0*top_px(i)/height
    set bmargin at screen 1.0*bottom_px(i)/height
    set lmargin at screen 84.0/width
    set label 3 label[i] at graph 0, graph 1 left offset 0,0.7
    set yrange [0:top[i]]
    set ytics step[i]
    if (i == strips) {
        set xlabel time_is." (".x_name.")"
        set format x "%g"
        set key at screen 0.5, screen 26.0/height center top horizontal Left reverse
    } else {
        unset xlabel
        set format x ""
        unset key
    }
    plot data index i-1 using ($1/x_unit):($3/y_unit) with fillsteps lc rgb swap_out title "mean", \
         data index i-1 using ($1/x_unit):($4/y_unit) with steps lw 1.5 lc rgb swap_in title "peak", \
         cap[i]/y_unit with lines lw 2 dt 2 lc rgb "#D55E00" title "cap"
    unset label 1
    unset label 2
}
unset multiplot
