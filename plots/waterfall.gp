array shade[6] = [running, "#999999", "#CC79A7", waiting, swap_in, "#D55E00"]
name(i) = label[i] eq "alone" ? 1 : label[i] eq "queueing" ? 2 : label[i] eq "rest" ? 3 : label[i] eq "turns" ? 4 : label[i] eq "memory" ? 5 : 6
set grid xtics lc rgb "#DDDDDD" lt 1 lw 1
y(row) = rows-row+1
set yrange [0.4:rows+0.6]
set xrange [0:*]
set ytics () nomirror scale 0 textcolor rgb "#222222"
do for [i=1:rows] {
    set ytics add (label[i] y(i))
    set label 10+i says[i] at graph 1.02, first y(i) left
}
set xlabel "mean response (s)"
set rmargin at screen 1-120.0/width
set bmargin at screen 72.0/height
unset key
plot for [i=1:rows] data using ($1 == i ? $3 : NaN):(y($1)):2:3:(y($1)-0.34):(y($1)+0.34) with boxxyerror lc rgb shade[name(i)], \
     data using 3:(y($1)):4:5 with xerrorbars pt 0 lw 1.6 lc rgb "#555555"
