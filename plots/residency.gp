is(what) = (strcol(4) eq what)
set xrange [x_from:x_to]
set yrange [rows+0.6:0.4]
set xtics x_step
set ytics nomirror scale 0
set xlabel time_is." (".x_name.")"
set bmargin at screen 96.0/height
set key at screen 0.5, screen 34.0/height center top horizontal Left reverse samplen 1.5
set style fill solid 1 noborder
do for [i=1:gpus] {
    set label 10+i gpu_label[i] at graph 0, first gpu_row[i]+0.15 left offset 0.5,0
    if (gpu_row[i] > 1) { set arrow i from graph -0.12, first gpu_row[i]-0.5 to graph 1, first gpu_row[i]-0.5 nohead lc rgb "#999999" }
}
plot data using (is("resident") ? $1/x_unit : NaN):3:($1/x_unit):($2/x_unit):($3-0.4):($3+0.4) with boxxyerror lc rgb pale title "resident, idle", \
     data using (is("swapping_out") ? $1/x_unit : NaN):3:($1/x_unit):($2/x_unit):($3-0.4):($3+0.4) with boxxyerror lc rgb swap_out title "swap-out", \
     data using (is("swapping_in") ? $1/x_unit : NaN):3:($1/x_unit):($2/x_unit):($3-0.4):($3+0.4) with boxxyerror lc rgb swap_in title "swap-in", \
     data using (is("burst") ? $1/x_unit : NaN):3:($1/x_unit):($2/x_unit):($3+0.15):($3+0.4) with boxxyerror lc rgb waiting title "wants the GPU", \
     data using (is("running") ? $1/x_unit : NaN):3:($1/x_unit):($2/x_unit):($3-0.4):($3+0.4) with boxxyerror lc rgb running title "running"
