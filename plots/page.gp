if (form eq "svg") {
    set terminal svg size width,height noenhanced font "sans-serif,13" name picture background "white"
} else {
    set terminal pngcairo size width,height noenhanced font "sans-serif,11" background "white"
}
set output picture.".".form
set label 1 title at screen 20.0/width, screen 1-20.0/height left font (form eq "svg" ? ",16" : ",13")
set label 2 subtitle at screen 20.0/width, screen 1-42.0/height left textcolor rgb "#555555"
set tmargin at screen 1-72.0/height
set rmargin at screen 1-40.0/width
set border 3 lc rgb "#555555"
set tics nomirror out textcolor rgb "#222222"
set key samplen 2 Left reverse width 1
set style fill solid 1 noborder
