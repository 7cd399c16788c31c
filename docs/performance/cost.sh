#!/usr/bin/env bash
# cost.sh - what an event costs with 10 to 1,000,000 workloads: the table of docs/performance.md, and its picture.
#
#   docs/performance/cost.sh [PROGRAM]      a few minutes, and 4 GiB for the largest
#
# The mix is that of scenarios/large/day.ini, eight GPUs for a hundred workloads; ten of them have one GPU.
set -euo pipefail
cd "$(dirname "$0")/../.."
program=${1:-build/release/gpuswap-sim}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
TIMEFORMAT='%U %S'

row() { # WORKLOADS DURATION
    local n=$1 duration=$2 gpus=8 nodes=$(($1 / 100)) cpu events
    ((n >= 100)) || { gpus=1; nodes=1; }
    cpu=$({ time "$program" run scenarios/large/day.ini --quiet --threads 1 --db "$folder/$n.db" --json "$folder/$n.json" \
        --set "scenario.duration=$duration" --set "node.count=$nodes" --set "node.gpus=$gpus" \
        --set "workload.idle.count=$(((n * 42 + 50) / 100))" --set "workload.busy.count=$(((n * 18 + 50) / 100))" \
        --set "workload.training.count=$((n / 10))" --set "workload.model.count=$((n * 3 / 10))"; } 2>&1)
    events=$(grep -oE '"events": *[0-9]+' "$folder/$n.json" | grep -oE '[0-9]+')
    rm "$folder/$n.db"
    awk -v n="$n" -v events="$events" -v cpu="$cpu" \
        'BEGIN { split(cpu, s, " "); printf "%d %d %.2f %.0f\n", n, events, s[1] + s[2], (s[1] + s[2]) * 1e9 / events }'
}

{
    row 10 6000d
    row 100 600d
    row 1000 60d
    row 10000 6d
    row 100000 12h
    row 1000000 6h
} | tee "$folder/cost.dat"
gnuplot -e "set terminal svg size 720,360 font 'sans-serif,13' background 'white'; set output 'docs/performance/cost.svg';
    set logscale x; set format x '10^{%T}'; set xlabel 'workloads'; set ylabel 'ns of a processor an event'; set yrange [0:*];
    set key left top; set grid;
    first = system(\"awk 'NR==1{print \$4}' $folder/cost.dat\") + 0;
    plot '$folder/cost.dat' using 1:4 with linespoints lw 2 pt 7 title 'measured', first * log10(x) lw 1 dt 2 title 'as the logarithm'"
