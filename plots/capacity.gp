set grid lc rgb "#DDDDDD" lt 1 lw 1
set xrange [x_from:x_to]
set yrange [0:y_top]
set xtics x_step
set ytics y_step
set xlabel x_label
set ylabel y_label
set bmargin at screen (116.0+narrow_more*is_narrow)/height
set key at screen 0.5, screen (38.0+narrow_more*is_narrow)/height center top horizontal
set arrow 1 from graph 0, first target to graph 1, first target nohead dt 3 lw 2 lc rgb "#D55E00" front
set label 3 target_label at graph 0.01, first target offset 0,0.6 front
state(s, y) = strcol(5) eq s ? y/y_unit : NaN
plot data using ($1/x_unit):($3/y_unit):($4/y_unit) with filledcurves lc rgb pale title "95 % interval", \
     data using ($1/x_unit):($2/y_unit) with lines lw 2 lc rgb colour[1] notitle, \
     data using ($1/x_unit):(state("kept", $2)) with points pt 7 ps 1.2 lc rgb running title "kept", \
     data using ($1/x_unit):(state("undecided", $2)) with points pt 8 ps 1.3 lw 2 lc rgb "#555555" title "undecided", \
     data using ($1/x_unit):(state("missed", $2)) with points pt 2 ps 1.3 lw 2.5 lc rgb "#D55E00" title "missed"
