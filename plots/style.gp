# Colours that colour-blind people tell apart (Okabe and Ito, Color Universal Design, 2008), without its yellow, which is
# too pale on white.
set encoding utf8
set datafile separator comma
array colour[7] = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000"]
running = "#009E73"
waiting = "#E69F00"
swap_in = "#0072B2"
swap_out = "#56B4E9"
pale = "#D9D9D9"
# Lines differ by their dashes, too.
array dash[4] = [1, 2, 4, 5]
