#!/usr/bin/env bash
# same_bytes.sh PROGRAM - the same scenario and seed give the same report, to the byte, from PROGRAM, from the optimised
# build of gcc and of clang, and with one thread or three.  Only the time it took to compute may differ.
set -euo pipefail
cd "$(dirname "$0")/../.."
program=$1

for preset in release clang; do
    cmake --preset "$preset" >/dev/null
    cmake --build --preset "$preset" --parallel "$(nproc)" --target gpuswap-sim -- --quiet
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
report() {      # report OUT PROGRAM SCENARIO THREADS
    "$2" run "$3" --quiet --seed 7 --replications 4 --threads "$4" --db "$work/$1.db" --json "$work/$1.json" >"$work/$1.txt"
    sed -E -i 's/"wall_s": ?[0-9.e+-]+/"wall_s":0/' "$work/$1.json"
    [[ -s $work/$1.json ]]
}

differences=0
for scenario in scenarios/*.ini; do
    report reference "$program" "$scenario" 1
    for try in "$program 3" "build/release/gpuswap-sim 1" "build/release/gpuswap-sim 3" "build/clang/gpuswap-sim 2"; do
        read -r candidate threads <<<"$try"
        report candidate "$candidate" "$scenario" "$threads"
        if ! cmp "$work/reference.json" "$work/candidate.json"; then
            echo "$scenario: $candidate with $threads threads gives another report than $program with one"
            diff <(jq . "$work/reference.json") <(jq . "$work/candidate.json") | head -n 20 || true
            differences=$((differences + 1))
        fi
    done
done
exit $((differences > 0))
