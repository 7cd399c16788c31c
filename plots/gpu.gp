set multiplot
set xrange [x_from:x_to]
set xtics x_step
set yrange [0:100]
set ytics (strips > 3 ? 50 : 20)
set ylabel "GPU time (%)"
set style fill solid 1 noborder
top_px(i) = height-head-(i-1)*(height-head-foot)/strips-26
bottom_px(i) = height-head-i*(height-head-foot)/strips
do for [i=1:strips] {
    set tmargin at screen 1.0*top_px(i)/height
    set bmargin at screen 1.0*bottom_px(i)/height
    set lmargin at screen 84.0/width
    set label 3 label[i] at graph 0, graph 1 left offset 0,0.7
    if (i == strips) {
        set xlabel time_is." (".x_name.")"
        set format x "%g"
        set key at screen 0.5, screen 26.0/height center top horizontal Left reverse
    } else {
        unset xlabel
        set format x ""
        unset key
    }
    plot data index i-1 using ($1/x_unit):(100) with fillsteps lc rgb pale title "idle", \
         data index i-1 using ($1/x_unit):(100*($3+$4)) with fillsteps lc rgb swap_in title "switching", \
         data index i-1 using ($1/x_unit):(100*$3) with fillsteps lc rgb running title "useful"
    unset label 1
    unset label 2
}
unset multiplot
