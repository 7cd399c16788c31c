#!/usr/bin/env bats
# threads.bats - replications run side by side: the same report and the same rows, whatever the number of threads.
# The thread sanitizer's build runs this, too.

setup() {
    cd "$GPUSWAP_ROOT"
}

# run_with THREADS: report and rows in $BATS_TEST_TMPDIR/THREADS.*
run_with() {
    "$GPUSWAP_SIM" run scenarios/quickstart.ini --quiet --threads "$1" --replications 8 \
        --set scenario.duration=1h --set scenario.record=bursts \
        --db "$BATS_TEST_TMPDIR/$1.db" --json "$BATS_TEST_TMPDIR/$1.json"
    sed -E -i 's/"wall_s": ?[0-9.e+-]+/"wall_s":0/' "$BATS_TEST_TMPDIR/$1.json"
    sqlite3 "$BATS_TEST_TMPDIR/$1.db" 'SELECT * FROM burst ORDER BY 1, 2, 3, 4' >"$BATS_TEST_TMPDIR/$1.bursts"
}

@test "four threads give the report and the bursts of one" {
    run_with 1
    run_with 4
    [ "$(wc -l <"$BATS_TEST_TMPDIR/1.bursts")" -gt 100 ]
    cmp "$BATS_TEST_TMPDIR/1.json" "$BATS_TEST_TMPDIR/4.json"
    cmp "$BATS_TEST_TMPDIR/1.bursts" "$BATS_TEST_TMPDIR/4.bursts"
}

@test "what is added until it is precise does not depend on them" {
    for threads in 1 4; do
        "$GPUSWAP_SIM" scenarios/quickstart.ini --quiet --threads $threads --set scenario.duration=2h \
            --set scenario.precision=10% --db "$BATS_TEST_TMPDIR/$threads.db" --json - |
            sed -E 's/"wall_s": ?[0-9.e+-]+/"wall_s":0/' >"$BATS_TEST_TMPDIR/$threads.json"
    done
    grep -q '"precision":{"wanted":0.1,' "$BATS_TEST_TMPDIR/1.json"
    cmp "$BATS_TEST_TMPDIR/1.json" "$BATS_TEST_TMPDIR/4.json"
}

@test "more threads than replications do no harm" {
    run_with 4
    run_with 64
    cmp "$BATS_TEST_TMPDIR/4.json" "$BATS_TEST_TMPDIR/64.json"
}
