#!/usr/bin/env bats
# golden.bats - two scenarios whose report, log and choices of victims are kept here, to the byte.  Where a change is
# meant to alter them, renew.sh writes them anew.

setup_file() {
    mkdir "$BATS_FILE_TMPDIR/new"
    "$GPUSWAP_ROOT/tests/golden/renew.sh" "$BATS_FILE_TMPDIR/new"
}

setup() {
    cd "$GPUSWAP_ROOT" || exit
}

# kept FILE: what the program gives today is what is kept.
kept() {
    [ -s "$BATS_FILE_TMPDIR/new/$1" ]
    diff "tests/golden/$1" "$BATS_FILE_TMPDIR/new/$1" | head -n 20
    cmp "tests/golden/$1" "$BATS_FILE_TMPDIR/new/$1"
}

@test "the report as text" {
    kept small.txt
}

@test "the report as JSON" {
    kept small.json
}

@test "every event, every command with its reason, every candidate with what it was worth" {
    kept small.log
}

@test "whom lru, mru, fifo and random swap out" {
    kept victims.txt
}

@test "the log audits without a difference" {
    "$GPUSWAP_SIM" tests/golden/small.ini --quiet --db "$BATS_TEST_TMPDIR/r.db"
    "$GPUSWAP_SIM" audit "$BATS_TEST_TMPDIR/r.db" | grep -q ', 0 differences$'
}

@test "one thread or four: the same" {
    for threads in 1 4; do
        "$GPUSWAP_SIM" tests/golden/small.ini --quiet --replications 6 --threads $threads \
            --db "$BATS_TEST_TMPDIR/$threads.db" --json - | jq -c 'del(.wall_s)' >"$BATS_TEST_TMPDIR/$threads.json"
        sqlite3 "$BATS_TEST_TMPDIR/$threads.db" 'SELECT * FROM command ORDER BY 2, 3' >"$BATS_TEST_TMPDIR/$threads.log"
        [ "$(wc -l <"$BATS_TEST_TMPDIR/$threads.log")" -gt 100 ]
    done
    cmp "$BATS_TEST_TMPDIR/1.json" "$BATS_TEST_TMPDIR/4.json"
    cmp "$BATS_TEST_TMPDIR/1.log" "$BATS_TEST_TMPDIR/4.log"
}
