set grid xtics lc rgb "#DDDDDD" lt 1 lw 1
y(row) = rows-row+1
set yrange [0.3:rows+0.7]
set ytics () nomirror scale 0 textcolor rgb "#222222"
do for [i=1:rows] {
    set ytics add (label[i] y(i))
    set label 10+i says[i] at graph 1.02, first y(i) left
}
set xlabel x_name
set rmargin at screen 1-(is_narrow ? 104.0 : 130.0)/width
set bmargin at screen 66.0/height
set xzeroaxis
set arrow 1 from first 0, graph 0 to first 0, graph 1 nohead lw 1.5 lc rgb "#555555"
if (is_narrow) { set xtics autofreq; set format x "%g" }
unset key
of(k) = k == 1 ? "better" : k == 2 ? "worse" : ""
is_of(k, verdict) = k < 3 ? verdict eq of(k) : verdict ne "better" && verdict ne "worse"
array shade[3] = [running, "#D55E00", "#555555"]
array mark[3] = [7, 2, 6]
plot for [k=1:3] data using (is_of(k, strcol(5)) ? $2 : NaN):(y($1)):3:4 with xerrorbars pt mark[k] ps 1.2 lw 2.4 lc rgb shade[k]
