#!/usr/bin/env bash
# sizes.sh - a file holds one idea: over 450 lines is worth a look, over 600 is an error.  A policy fits one screen:
# at most 80, but for those that are ours; what a slicer promises to those who wait does not count.
source "$(dirname "$0")/lib.sh"

ours=' policies/victim/cost.c policies/slicer/cost.c '

while read -r lines file; do
    [[ $file != total ]] || continue
    if [[ $file == policies/slicer/* ]]; then
        lines=$((lines - $(awk '/^static struct gs_bound overtakes/, /^}/ { n++ } /\.starves =/, /,$/ { n++ } END { print n + 0 }' "$file")))
    fi
    if [[ $lines -gt 600 ]]; then
        complain "$file has $lines lines; do two ideas share it?"
    elif [[ $file == policies/*/* && $lines -gt 80 && $ours != *" $file "* ]]; then
        complain "$file has $lines lines, a policy has at most 80; is there a simpler way to say it?"
    elif [[ $lines -gt 450 ]]; then
        echo "$file has $lines lines"
    fi
done < <(sources | grep -v '_tables\.c$' | xargs -r wc -l)
finish
