#!/usr/bin/env bash
# scripts.sh - shellcheck has nothing to say about the scripts.
source "$(dirname "$0")/lib.sh"

mapfile -t files < <(find tests scenarios plots packaging docs -type f \( -name "*.sh" -o -name "*.sbatch" -o -name completion.bash \) | sort)
shellcheck -x -P SCRIPTDIR -S style quickstart check .ci/run .ci/install "${files[@]}" || complain "see above"

# bats itself ends a test at the first failure and sets what SC2154 misses: output, stderr, status, lines.
mapfile -t files < <(find tests -type f \( -name '*.bats' -o -name '*.bash' \) | sort)
shellcheck -e SC2154,SC2164 -S style "${files[@]}" || complain "see above"
if grep -nE '^ +\[.*\] && \[[^|]*$' "${files[@]}"; then
    complain "a test goes on where the first of two conditions joined by && fails: give each a line"
fi
finish
