eval "set xtics nomirror out textcolor rgb '#222222' ".x_ticks
set grid lc rgb "#DDDDDD" lt 1 lw 1
set xrange [x_from:x_to]
set yrange [0:100]
set ytics 10
set xlabel x_label
set ylabel y_label
lines = is_narrow ? curves : legend
set bmargin at screen (96.0+20*lines)/height
unset key
# The legend, below, in two columns, or one where the picture is narrow.
shade(i) = colour[(i-1)%7+1]
dashes(i) = dash[(i-1)%4+1]
line(i) = (14.0+20*(lines-(i-1)%lines))/height
at(i) = i > lines ? width/2-4 : 24
do for [i=1:curves] {
    set arrow 100+i from screen 1.0*at(i)/width, screen line(i) to screen (at(i)+30.0)/width, screen line(i) nohead lw 2.6 dt dashes(i) lc rgb shade(i)
    set label 100+i label[i] at screen (at(i)+38.0)/width, screen line(i) left
}
plot for [i=1:curves] data index i-1 using 1:(100*$2) with steps lw 2.6 dt dashes(i) lc rgb shade(i)
