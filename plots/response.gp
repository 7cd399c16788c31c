eval "set xtics nomirror out textcolor rgb '#222222' ".x_ticks
set grid lc rgb "#DDDDDD" lt 1 lw 1
set xrange [x_from:x_to]
set yrange [0:100]
set ytics 10
set xlabel "response time (".x_name.")"
set ylabel "bursts that took no longer (%)"
lines = is_narrow ? groups+targets : legend
set bmargin at screen (96.0+20*lines)/height
unset key
shade(i) = i == 0 ? "#000000" : colour[(i-1)%7+1]
thick(i) = i > 7 ? 1.2 : 2.6
dashes(i) = dash[(i-1)%4+1]
# The legend, below: groups on the left, what is promised to them on the right; without promises two columns of groups;
# all in one column where the picture is narrow.
right = is_narrow ? 24 : width/2-4
line(i) = (14.0+20*(lines-(i-1)%lines))/height
target_line(i) = line(is_narrow ? groups+i : i)
at(i) = targets == 0 && i > lines ? right : 24
do for [i=1:groups] {
    set arrow 100+i from screen 1.0*at(i)/width, screen line(i) to screen (at(i)+30.0)/width, screen line(i) nohead lw thick(i) dt dashes(i) lc rgb shade(i)
    set label 100+i label[i] at screen (at(i)+38.0)/width, screen line(i) left
}
do for [i=1:targets] {
    set arrow 200+i from screen 1.0*right/width, screen target_line(i) to screen (right+30.0)/width, screen target_line(i) nohead dt 3 lw 2 lc rgb shade(target_colour[i])
    set label 200+i target_label[i] at screen (right+38.0)/width, screen target_line(i) left
    set arrow 300+i from target[i], graph 0 to target[i], graph 1 nohead dt 3 lw 2 lc rgb shade(target_colour[i]) front
    if (target_share[i] >= 0) {
        set label 300+i "" at target[i], 100*target_share[i] point pt 13 ps (form eq "png" ? 2 : 1) lc rgb shade(target_colour[i]) front
        set label 400+i "" at screen (right+15.0)/width, screen target_line(i) point pt 13 ps (form eq "png" ? 1.5 : 0.75) lc rgb shade(target_colour[i]) front
    }
}
plot for [i=1:groups] data index i-1 using 1:(100*$2) with steps lw thick(i) dt dashes(i) lc rgb shade(i)
