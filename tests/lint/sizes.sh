#!/usr/bin/env bash
# sizes.sh - a file holds one idea: over 450 lines is worth a look, over 600 is an error.
source "$(dirname "$0")/lib.sh"

while read -r lines file; do
    [[ $file != total ]] || continue
    if [[ $lines -gt 600 ]]; then
        complain "$file has $lines lines; do two ideas share it?"
    elif [[ $lines -gt 450 ]]; then
        echo "$file has $lines lines"
    fi
done < <(sources | grep -v '_tables\.c$' | xargs -r wc -l)
finish
