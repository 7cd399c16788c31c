set grid xtics lc rgb "#DDDDDD" lt 1 lw 1
# Where the picture is narrow, what a row is stands above it.
y(row) = rows-row+1
set yrange [0.3:rows+(is_narrow ? 0.95 : 0.7)]
set ytics () nomirror scale 0 textcolor rgb "#222222"
do for [i=1:rows] {
    if (is_narrow) {
        set label 10+i label[i].": ".says[i] at screen 20.0/width, first y(i)+0.45 left front
    } else {
        set ytics add (label[i] y(i))
        set label 10+i says[i] at graph 1.02, first y(i) left
    }
}
set xlabel x_label
if (is_narrow) {
    unset ytics
    set lmargin at screen 20.0/width
    set xtics nomirror out autofreq x_step
} else {
    set rmargin at screen 1-130.0/width
}
set bmargin at screen 72.0/height
set arrow 1 from first 0, graph 0 to first 0, graph 1 nohead lw 1.5 lc rgb "#555555"
unset key
is_of(k, verdict) = k == 1 ? verdict eq "better" : k == 2 ? verdict eq "worse" : verdict ne "better" && verdict ne "worse"
array shade[3] = [running, "#D55E00", "#555555"]
array mark[3] = [7, 2, 6]
plot for [k=1:3] data using (is_of(k, strcol(5)) ? $2 : NaN):(y($1)):3:4 with xerrorbars pt mark[k] ps 1.2 lw 2.4 lc rgb shade[k]
