# Four forms: svg and png, with the title, are files; wide and narrow are for a page that has titles of its own.
is_bare = (form eq "wide" || form eq "narrow")
is_narrow = (form eq "narrow")
width = is_narrow ? 480 : form eq "wide" ? 880 : full_width
height = full_height-(is_bare ? 46 : 0)+(is_narrow ? narrow_more : 0)
head_px = is_bare ? 26 : 72
key_px = is_narrow ? 24 : 0     # the legend takes a second line there
if (is_narrow) {
    x_ticks = exists("few_ticks") ? few_ticks : ""
    x_name = exists("few_name") ? few_name : ""
}
if (is_bare) {
    set terminal svg size width,height noenhanced font "sans-serif,13" name picture
} else {
    if (form eq "svg") {
        set terminal svg size width,height noenhanced font "sans-serif,13" name picture background "white"
    } else {
        set terminal pngcairo dashlength 0.5 size width,height noenhanced font "sans-serif,11" background "white"
    }
    set label 1 title at screen 20.0/width, screen 1-20.0/height left font (form eq "svg" ? ",16" : ",13")
    set label 2 subtitle at screen 20.0/width, screen 1-42.0/height left textcolor rgb "#555555"
}
set output picture.".".(is_bare ? form.".svg" : form)
set tmargin at screen 1-1.0*head_px/height
set rmargin at screen 1-(is_narrow ? 20.0 : 40.0)/width
set border 3 lc rgb "#555555"
set tics nomirror out textcolor rgb "#222222"
set key samplen 2 Left reverse width 1
set style fill solid 1 noborder
