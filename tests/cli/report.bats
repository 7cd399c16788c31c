#!/usr/bin/env bats
# report.bats - a run of the database printed again in every form, drawn, and everything that can be missing for it.

# shellcheck disable=SC2154     # $stderr is set by `run --separate-stderr`
bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
}

# make_run FILE [OPTION...]: a short run of two groups into the database FILE, report to FILE.txt.
make_run() {
    cat >two.ini <<'END'
[scenario]
name = 50% "it's" `touch evil` Ä_x{y}$1
duration = 20m
replications = 2
[node]
gpu_memory = 80GiB
swap_file = 160GiB
[workload.NB_1]
class = notebook
count = 4
memory = 30GiB
think = exp(40s)
burst = exp(5s)
[workload.TR]
class = training
memory = 20GiB
gpu_work = 10h
[sla.NB_1]
group = NB_1
response_p95 = 30s
END
    "$GPUSWAP_SIM" run two.ini --db "$1" "${@:2}" >"$1.txt"
}

report() {
    run --separate-stderr "$GPUSWAP_SIM" report "$@"
}

@test "text, JSON and CSV are those of the run" {
    make_run a.db --json a.json
    "$GPUSWAP_SIM" report a.db >again.txt
    cmp a.db.txt again.txt
    "$GPUSWAP_SIM" report a.db --json - >again.json
    cmp a.json again.json
    "$GPUSWAP_SIM" report a.db --json file.json --csv - >a.csv
    cmp a.json file.json
    [ "$(head -n 1 a.csv)" = scope,name,metric,value,ci_low,ci_high,n ]
    grep -q '^group,NB_1,response_p95_s,' a.csv
}

@test "the last run by default, any by its number" {
    make_run a.db
    cp a.db.txt first.txt
    make_run a.db --seed 2
    "$GPUSWAP_SIM" report a.db | cmp - a.db.txt
    "$GPUSWAP_SIM" report a.db --run 1 | cmp - first.txt
    report a.db --run 3
    [ "$status" -eq 65 ]
    [[ $stderr == "gpuswap-sim: 'a.db' has no run 3" ]]
}

@test "nothing is left beside a database that was read" {
    make_run a.db --set scenario.record=events
    report a.db --plots pictures
    "$GPUSWAP_SIM" audit a.db
    [ "$(echo a.db*)" = "a.db a.db.txt" ]
}

@test "what cannot be printed is told" {
    make_run a.db
    report none.db
    [ "$status" -eq 66 ]
    report two.ini
    [ "$status" -eq 65 ]
    report
    [ "$status" -eq 64 ]
    report a.db b.db
    [ "$status" -eq 64 ]
    report a.db --run 0
    [ "$status" -eq 64 ]
    report a.db --json - --csv -
    [ "$status" -eq 64 ]
    report a.db --plots no/such/folder
    [ "$status" -eq 73 ]
    [[ $stderr == *"'no/such/folder'"* ]]
    sqlite3 a.db "UPDATE run SET status = 'incomplete'"
    report a.db --plots pictures
    [ "$status" -eq 65 ]
    [[ $stderr == *"incomplete"*"run it again"* ]]
    [ ! -e pictures ]
}

@test "all pictures of a run with rows, with their data; the same bytes again" {
    make_run a.db --set scenario.record=bursts
    report a.db --plots one
    [ "$status" -eq 0 ]
    [ -z "$output" ]
    for name in response stalls residency swap gpu; do
        [ -s "one/$name.svg" ]
        [ -s "one/$name.png" ]
        [ -s "one/$name.csv" ]
        [[ $stderr == *"one/$name.svg"* ]]
    done
    "$GPUSWAP_SIM" report a.db --plots two 2>/dev/null
    diff -r one two
    # shellcheck disable=SC2016     # the backquotes are meant
    grep -qF '50% "it'"'"'s" `touch evil` Ä_x{y}$1: use of the GPU' <(sed 's/&quot;/"/g; s/&#39;/'"'"'/g' one/gpu.svg)
    grep -q 'SLA NB_1: p95 ≤ 30.0 s' one/response.svg
    [ ! -e one/evil ]
    [ ! -e evil ]
    # A picture can be drawn again from its script and data.
    rm one/stalls.svg
    (cd one && gnuplot stalls.gp)
    cmp one/stalls.svg two/stalls.svg
}

@test "the data of the pictures add up" {
    make_run a.db --set scenario.record=bursts
    "$GPUSWAP_SIM" report a.db --plots p 2>/dev/null
    [ "$(tail -n 1 <(grep NB_1 p/response.csv) | cut -d, -f2)" = 1 ]
    awk -F, 'NR > 1 && NF { sum = 0; for (i = 2; i <= 9; i++) sum += $i; d = sum - $10; if (d * d > 1e-12 * $10 * $10) exit 1 }' p/stalls.csv
    awk -F, 'NR > 1 && NF && ($3 < 0 || $4 < 0 || $3 + $4 > 1.000001 || $2 > 1200) { exit 1 }' p/gpu.csv
    awk -F, 'NR > 1 && NF && $3 > $4 { exit 1 }' p/swap.csv
    awk -F, 'NR > 1 && ($1 < 0 || $2 < $1 || $2 > 1200) { exit 1 }' p/residency.csv
    for what in resident running swapping_in swapping_out burst; do
        grep -q ",$what," p/residency.csv
    done
}

@test "the series have no hole at the end of the warm-up" {
    make_run a.db --set scenario.warmup=10m
    "$GPUSWAP_SIM" report a.db --plots p 2>/dev/null
    awk -F, '$1 >= 300 && $1 < 1200 { rows++; if ($3 <= 0 || $4 <= 0) exit 1 } END { if (rows < 100) exit 1 }' p/swap.csv
}

@test "a run without rows: all but the residency, which says what to do" {
    make_run a.db
    mkdir p
    touch p/residency.svg
    report a.db --plots p
    [ "$status" -eq 0 ]
    [[ $stderr == *"no picture 'residency'"*"--set scenario.record=bursts"* ]]
    [ ! -e p/residency.svg ]
    for name in response stalls swap gpu; do
        [ -s "p/$name.svg" ]
    done
}

@test "a run in which nothing ended" {
    make_run a.db --set workload.NB_1.burst=9h --set scenario.record=bursts
    report a.db --plots p
    [ "$status" -eq 0 ]
    [[ $stderr == *"no picture 'response'"*"no burst ended"*"no picture 'stalls'"* ]]
    [ -s p/residency.svg ]
}

@test "without gnuplot the data is there, and the message says what to install" {
    make_run a.db
    mkdir empty
    run --separate-stderr env PATH="$PWD/empty" "$GPUSWAP_SIM" report a.db --plots p
    [ "$status" -eq 71 ]
    [[ $stderr == *"no 'gnuplot'"*"gnuplot-nox"* ]]
    [ -s p/response.csv ]
    [ -s p/gpu.gp ]
    [ ! -e p/gpu.svg ]
}
