#!/usr/bin/env bats
# errors.bats - what is asked for wrongly: the exit code, a message that names the place and the remedy, no database.

bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
    cat >a.ini <<'END_OF_SCENARIO'
[scenario]
duration = 10m
[node]
gpu_memory = 80GiB
[workload.NB]
class = notebook
count = 2
memory = 50GiB
think = exp(60s)
burst = exp(5s)
END_OF_SCENARIO
}

# fails CODE TEXT ARGUMENT...: it ends with that code, TEXT is in what it says, stdout is empty, nothing is written.
fails() {
    run --separate-stderr "$GPUSWAP_SIM" "${@:3}"
    [ "$status" -eq "$1" ] || { echo "'${*:3}' ended with $status: $stderr"; return 1; }
    [[ $stderr == "gpuswap-sim"*"$2"* ]] || { echo "'${*:3}' said: $stderr"; return 1; }
    [ -z "$output" ]
    [ ! -e results.db ] || { echo "'${*:3}' left a database"; return 1; }
}

# with LINE: a.ini and LINE after it, as b.ini.
with() {
    cp a.ini b.ini
    echo "$1" >>b.ini
}

@test "64: commands and options that are not there" {
    fails 64 "unknown command 'rnu'; did you mean 'run'?" rnu a.ini
    fails 64 "unknown command 'simulate-everything'; 'gpuswap-sim --help' lists them" simulate-everything
    fails 64 "a scenario or a command comes first" --quiet a.ini
    fails 64 "unrecognized option '--nope'" a.ini --nope
    fails 64 "requires an argument" a.ini --db
    fails 64 "unknown trace command 'verify'" trace verify x.gst
    fails 64 "no key 'h2dd'; did you mean 'h2d'?" keys h2dd
    fails 64 "no key 'node.h2dd'; did you mean 'h2d'?" keys node.h2dd
    fails 64 "no key 'nnode'; did you mean 'node'?" keys nnode
    fails 64 "no policy 'lruu'; did you mean 'lru'?" policies lruu
    fails 64 "unknown backend 'nope'" a.ini --backend nope
    fails 64 "unrecognized option '--nope'" bench --nope
    run --separate-stderr "$GPUSWAP_SIM"
    [ "$status" -eq 64 ]
    [ -z "$output" ]
}

@test "64: too little, too much" {
    fails 64 "which scenario?" run
    fails 64 "--db needs the name of a file" run a.ini --db ""
    fails 64 "one scenario at a time; 'a.ini' is a second one" run a.ini a.ini
    fails 64 "which trace?" replay
    fails 64 "'c' is too much" replay a.gst b.ini c
    fails 64 "which database?" audit
    fails 64 "one database at a time" audit a.db b.db
    fails 64 "--run '0'" audit a.db --run 0
    fails 64 "trace does what?" trace
    fails 64 "no file given" trace check
    fails 64 "no output given" trace import a.csv
    fails 64 "no output given" trace import --format gst a.gst
    fails 64 "one key at a time" keys h2d d2h
    fails 64 "unexpected 'x'" backends x
    fails 64 "--set victim=lru: it must read SECTION.KEY=VALUE" a.ini --set victim=lru
    fails 64 "--set nonsense" a.ini --set nonsense
}

@test "65: what is wrong in the file is told with its line" {
    with 'burts = 5s'
    fails 65 "b.ini:11: unknown key 'burts' in [workload.NB]; did you mean 'burst'?" b.ini
    with 'memory = 40GiB'
    fails 65 "b.ini:11: " b.ini
    with '[workloads.B]'
    fails 65 "b.ini:11: unknown section [workloads.B]; did you mean 'workload'?" b.ini
    with 'grow = 3'
    fails 65 "b.ini:11: 'grow = 3': a size needs a unit" b.ini
    with 'start = 3GiB'
    fails 65 "b.ini:11: 'start = 3GiB': 'GiB' is a unit of size, but a time is due" b.ini
    with 'cpu_work = 3s'
    fails 65 "b.ini:11: key 'cpu_work' belongs to class training" b.ini
    with 'count'
    fails 65 "b.ini:11: 'count' is neither" b.ini
    with '[workload.T]'
    fails 65 "b.ini:11: [workload.T] needs the key 'class'" b.ini
}

@test "65: all mistakes are told at once" {
    run --separate-stderr "$GPUSWAP_SIM" "$GPUSWAP_ROOT/tests/fuzz/corpus/scenario/every-error.ini"
    [ "$status" -eq 65 ]
    [ "$(grep -c 'every-error.ini:[0-9]*: ' <<<"$stderr")" -eq 20 ]
    [[ $stderr == *"and "*" more" ]]
    [ ! -e results.db ]
}

@test "65: what contradicts itself" {
    with '[node]'
    sed -i 's/^gpu_memory.*/&\ntime_slicing = strict/; $d' b.ini
    fails 65 "b.ini:5: 'time_slicing' other than 'timesharing' is not available in this version; besides, it is a configuration error: swap excludes strict and fair" b.ini
    sed '/^duration/d' a.ini >b.ini
    fails 65 "duration" b.ini
    with '[sla.x]
group = NBB
response_p95 = 3s'
    fails 65 "NBB" b.ini
}

@test "65: options that set what cannot be" {
    fails 65 "--set workload.NB.cont=3: unknown key 'cont' in [workload.NB]; did you mean 'count'?" \
        a.ini --set workload.NB.cont=3
    fails 65 "no section [workload.XX]; did you mean 'workload.NB'? --set changes sections that are there" \
        a.ini --set workload.XX.count=3
    fails 65 "no section [sla.A]; --set changes sections that are there; write others into the file" \
        a.ini --set sla.A.group=NB
    fails 65 "unknown slicer policy 'lru'; 'lru' is a victim policy" a.ini --set policy.slicer=lru
    fails 65 "--set policy.victim=lruu: unknown victim policy 'lruu'; did you mean 'lru'?" \
        a.ini --set policy.victim=lruu
    fails 65 "'x' is not a whole number" a.ini --seed x
    fails 65 "scenario.replications" a.ini --replications 0
    fails 65 "scenario.threads" a.ini --threads -1
}

@test "65: traces that are none" {
    printf '#gpuswap-trace,1\n0,X,bad\n' >bad.gst
    fails 65 "bad.gst:2: field 'kind': 'X' is none of" trace check bad.gst
    fails 65 "bad.gst:2: " replay bad.gst
    fails 65 "unknown trace format 'nope'; 'gpuswap-sim trace formats' lists them" trace import --format nope a.ini -o out.gst
    fails 65 "a.ini:1: " trace import --format adobe-notebooks a.ini -o out.gst
    fails 65 "has no memory; say how much with 'memory'" replay "$GPUSWAP_ROOT/scenarios/office.gst"
    fails 65 "--set trace.trace.memory=30GiB" replay "$GPUSWAP_ROOT/scenarios/office.gst"
    fails 65 "--set workload.NB.count=3: [workload.NB] is left out, as the trace is the whole load" \
        replay "$GPUSWAP_ROOT/tests/data/leaves.gst" a.ini --set workload.NB.count=3
    [ ! -e out.gst ]
}

@test "65: a trace where a scenario is due" {
    local file
    cp "$GPUSWAP_ROOT/scenarios/office.gst" .
    gzip -kn office.gst
    cp office.gst.gz packed
    printf 'user,start,length\n1,2,3\n' >x.csv
    printf '{"timestamp": 0}\n' >x.jsonl
    for file in office.gst ./packed x.csv x.jsonl; do
        fails 65 "$file: this looks like a trace, not like a scenario; run it with: gpuswap-sim replay TRACE" "$file"
        [ "$(wc -l <<<"$stderr")" -eq 1 ]
    done
    fails 65 "x.csv: this looks like a trace" replay office.gst x.csv
}

@test "65: a section that is misspelt, and nothing that follows from it" {
    local head
    for head in '[node' '[nodes]' '[node.a b]'; do
        sed "s/^\[node\]/$head/" a.ini >b.ini
        fails 65 "b.ini:3: " b.ini --set node.gpus=2
        [ "$(wc -l <<<"$stderr")" -eq 1 ] || { echo "$stderr"; return 1; }
    done
    for head in '[workload.NB' '[workload]' '[workloads.NB]'; do
        sed "s/^\[workload.NB\]/$head/" a.ini >b.ini
        printf '[sla.x]\ngroup = NB\nresponse_p95 = 3s\n' >>b.ini
        fails 65 "b.ini:5: " b.ini --set workload.NB.count=2
        [ "$(wc -l <<<"$stderr")" -eq 1 ] || { echo "$stderr"; return 1; }
    done
    sed 's/^\[scenario\]/[scenario/' a.ini >b.ini
    fails 65 "b.ini:1: '[scenario' is no section" b.ini
    [ "$(wc -l <<<"$stderr")" -eq 1 ]
}

@test "65: databases that do not hold what is asked for" {
    "$GPUSWAP_SIM" a.ini --quiet --db summary.db
    fails 65 "run 1 of 'summary.db' kept no events; run it with '--set scenario.record=events'" audit summary.db
    fails 65 "'summary.db' has no such run" audit summary.db --run 9
    fails 65 "'a.ini'" audit a.ini
    fails 65 "'a.ini' is not a SQLite database; name another file" report a.ini
    [[ $stderr != *--db* ]]
    sqlite3 other.db 'CREATE TABLE t (x)'
    fails 65 "'other.db' is a database of another program; name another file" report other.db
    [[ $stderr != *--db* ]]
    sqlite3 summary.db "UPDATE run SET status = 'incomplete'"
    fails 65 "incomplete" report summary.db
    fails 65 "incomplete" report summary.db --json -
}

@test "66: what is not there" {
    fails 66 "none.ini: cannot be opened: No such file" none.ini
    fails 66 "'none.gst'" trace check none.gst
    fails 66 "'none.gst'" trace info none.gst
    fails 66 "'none.csv'" trace import --format adobe-notebooks none.csv -o out.gst
    fails 66 "none.gst'" replay none.gst
    fails 66 ": none.ini: cannot be opened: No such file" replay "$GPUSWAP_ROOT/tests/data/leaves.gst" none.ini
    fails 66 "none.csv: cannot be opened" none.csv
    with '[trace.T]
file = none.gst'
    fails 66 "none.gst'" b.ini
    echo 'include = none.ini' >b.ini
    fails 66 "none.ini" b.ini
    fails 66 "'none.db'" audit none.db
    fails 66 "'none.db'" report none.db
    [ ! -e none.db ]
}

@test "73: what cannot be created" {
    fails 73 "'no/such/r.db'" a.ini --db no/such/r.db
    fails 73 "cannot create 'no/such/r.json'" a.ini --json no/such/r.json     # before the run: there is no database
    # What comes to nothing leaves no report behind, and an old one as it was.
    fails 73 "'no/such/r.db'" a.ini --db no/such/r.db --json r.json
    [ ! -e r.json ]
    echo old >r.json
    fails 73 "'no/such/r.db'" a.ini --db no/such/r.db --json r.json
    [ "$(cat r.json)" = old ]
    fails 73 "'no/such/out.gst'" trace import --format gst "$GPUSWAP_ROOT/tests/data/leaves.gst" -o no/such/out.gst
}

@test "78: what no GPU can hold" {
    fails 78 "'NB' needs 200 GiB of one GPU, but no GPU shows it more than 78.0 GiB: 80.0 GiB less 'gpu_reserved' of 2.00 GiB" \
        a.ini --set workload.NB.memory=200GiB
    sed 's/50GiB/200GiB/' a.ini >b.ini
    fails 78 "b.ini:8: 'NB' needs 200 GiB" b.ini
}
