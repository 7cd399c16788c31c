#!/usr/bin/env bash
# day.sh [DURATION] - a day of 1,000 nodes and 100,000 workloads runs to its end within 4 GiB, on one thread and on two, and gives
# the same report.
set -euo pipefail
duration=${1:-24h}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
ulimit -v $((4 * 1024 * 1024))
for threads in 1 2; do
    "$GPUSWAP_SIM" run scenarios/large/day.ini --quiet --threads $threads --set "scenario.duration=$duration" \
        --db "$folder/$threads.db" --json - | sed -E 's/"wall_s": ?[0-9.e+-]+/"wall_s":0/' >"$folder/$threads.json"
done
cmp "$folder/1.json" "$folder/2.json"
grep -oE '"events": ?[0-9]+' "$folder/1.json"
