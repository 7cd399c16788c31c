array part[8] = ["alone", "queue", "swap-out", "swap-in", "cap", "preempted", "detect", "cold"]
array shade[8] = ["#009E73", "#E69F00", "#56B4E9", "#0072B2", "#D55E00", "#CC79A7", "#999999", "#000000"]
array ink[8] = ["white", "black", "black", "white", "white", "black", "black", "#FEFEFE"]
low(k) = (k == 1 ? 0 : 100*sum [j=2:k] column(j))/(column(10) > 0 ? column(10) : 1)
high(k) = 100*(sum [j=2:k+1] column(j))/(column(10) > 0 ? column(10) : 1)
y(row) = bars-row+1
set ytics () nomirror scale 0 textcolor rgb "#222222"
do for [i=1:bars] {
    set ytics add (label[i] y(i))
    set label 10+i total[i] at 101, y(i) left
}
set label 3 (is_narrow ? "mean" : "mean response") at 101, graph 1 left offset 0,0.3
set xrange [0:100]
set yrange [0.4:bars+0.6]
every = is_narrow ? 20 : 10
set xtics every
set xlabel "share of the mean response time (%)"
set rmargin at screen 1-(is_narrow ? 74.0 : is_bare ? 124.0 : 150.0)/width
set bmargin at screen (130.0+narrow_more*is_narrow)/height
set key at screen 0.5, screen (54.0+narrow_more*is_narrow)/height center top horizontal
plot for [k=1:8] data using (high(k)):(y($1)):(low(k)):(high(k)):(y($1)-0.34):(y($1)+0.34) with boxxyerror lc rgb shade[k] \
         title (seen[k] ? part[k] : ""), \
     for [k=1:8] data using ((low(k)+high(k))/2):(y($1)):(high(k)-low(k) >= (is_narrow ? 9 : 5) ? sprintf("%.0f %%", high(k)-low(k)) : "") \
         with labels textcolor rgb ink[k] notitle
