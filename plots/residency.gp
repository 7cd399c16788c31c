is(what) = (strcol(4) eq what)
eval "set xtics nomirror out textcolor rgb '#222222' ".x_ticks
set xrange [x_from:x_to]
set yrange [rows+0.6:0.4]
set ytics nomirror scale 0 textcolor rgb "#222222"
set xlabel time_is." (".x_name.")".(is_narrow ? "" : time_of)
set bmargin at screen (108.0+key_px)/height
set key at screen 0.5, screen (32.0+key_px)/height center top horizontal maxrows (is_narrow ? 2 : 1)
do for [i=1:headings] {
    set label 10+i heading[i] at graph 0, first heading_row[i]+0.15 left offset 0.5,0
    if (heading_row[i] > 1) {
        set arrow i from graph -0.12, first heading_row[i]-0.5 to graph 1, first heading_row[i]-0.5 nohead lc rgb "#999999"
    }
}
# Swaps and runs are short: each keeps a pixel and a half.
pixel = 1.5*(x_to-x_from)/(width-130)
high(least) = $2 > $1+least ? $2 : $1+least
plot data using (is("resident") ? $1 : NaN):3:1:2:($3-0.4):($3+0.4) with boxxyerror lc rgb pale title "resident", \
     data using (is("burst") ? $1 : NaN):3:1:2:($3+0.12):($3+0.4) with boxxyerror lc rgb waiting title "waiting", \
     data using (is("swapping_out") ? $1 : NaN):3:1:(high(pixel)):($3-0.4):($3+0.12) with boxxyerror lc rgb swap_out title "swap-out", \
     data using (is("swapping_in") ? $1 : NaN):3:($2-$1 < pixel ? $2-pixel : $1):2:($3-0.4):($3+0.12) with boxxyerror lc rgb swap_in title "swap-in", \
     data using (is("running") ? $1 : NaN):3:1:(high(pixel)):($3-0.4):($3+0.4) with boxxyerror lc rgb running title "running"
