#!/usr/bin/env bats
# run.bats - commands that do what they are asked: where the output goes, what options change, what listings tell.

bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
    cat >a.ini <<'END_OF_SCENARIO'
[scenario]
duration = 20m
[node]
gpu_memory = 80GiB
swap_file = 200GiB
[workload.NB]
class = notebook
count = 3
memory = 50GiB
think = exp(60s)
burst = exp(5s)
[sla.NB]
group = NB
response_p95 = 1h
END_OF_SCENARIO
}

# json [OPTION...]: the report of a.ini without the time that it took.
json() {
    "$GPUSWAP_SIM" a.ini --json - "$@" | jq -c 'del(.wall_s)'
}

# prints TEXT ARGUMENT...: it succeeds, with TEXT on stdout and nothing on stderr.
prints() {
    run --separate-stderr "$GPUSWAP_SIM" "${@:2}"
    [ "$status" -eq 0 ]
    [ -z "$stderr" ]
    [[ $output == *"$1"* ]] || { echo "said: $output"; return 1; }
}

@test "every command tells its options" {
    local command
    for command in $("$GPUSWAP_SIM" --help | awk '/^  [a-z]/ { print $1 }'); do
        prints "Usage: gpuswap-sim $command" "$command" --help
        commands+=("$command")
    done
    [ "${#commands[@]}" -ge 9 ]
    for command in import check info; do
        prints "Usage: gpuswap-sim trace $command" trace "$command" --help
    done
    prints "usage: gpuswap-sim SCENARIO.ini" help
    prints "Usage: gpuswap-sim regret" help regret
    [[ $output != *--db* ]] # its runs are not kept
    prints "Usage: gpuswap-sim run" --help run
    [[ $output == *--db=FILE* ]]
    run "$GPUSWAP_SIM" help rum
    [ "$status" -eq 64 ]
    [[ $output == *"did you mean 'run'"* ]]
    prints "gpuswap-sim 0." --version
    [ ! -e results.db ]
}

@test "the report goes to stdout, the rows to results.db; run may be left out" {
    prints 'SLA  NB' run a.ini
    local text=$output
    prints 'SLA  NB' a.ini
    [ "$output" = "$text" ]
    prints 'SLA  NB' ./a.ini --db other.db
    [ "$(sqlite3 results.db 'SELECT count(*) FROM run')" -eq 2 ]
    [ "$(sqlite3 other.db 'SELECT count(*) FROM run')" -eq 1 ]
}

@test "--json - is JSON and nothing else, --json FILE comes besides the text" {
    prints '"scenario":"a"' a.ini --json -
    jq -e '.groups[0].completed > 10 and .provenance == "sim" and (.gpus | length) == 1' <<<"$output"
    prints 'SLA  NB' a.ini --json a.json
    jq -e '.groups[0].name == "NB"' a.json
    "$GPUSWAP_SIM" a.ini --quiet --json a.json --set scenario.name=other    # what was there is replaced whole
    jq -e '.scenario == "other"' a.json
    "$GPUSWAP_SIM" a.ini --quiet --json >(jq -r .scenario >piped)
    for _ in 1 2 3 4 5 6 7 8 9 10; do [ -s piped ] || sleep 0.2; done
    [ "$(cat piped)" = a ]
}

@test "--quiet prints nothing" {
    run --separate-stderr "$GPUSWAP_SIM" a.ini --quiet
    [ "$status" -eq 0 ]
    [ -z "$output$stderr" ]
    [ "$(sqlite3 results.db 'SELECT status FROM run')" = complete ]
}

@test "the same seed gives the same report, another seed another" {
    [ "$(json --seed 5)" = "$(json --seed 5)" ]
    [ "$(json --seed 5 | jq .groups)" != "$(json --seed 6 | jq .groups)" ]
    [ "$(json --seed 5)" = "$(json --set scenario.seed=5)" ]
    [ "$(json --seed 5 --replications 5 --threads 1)" = "$(json --seed 5 --replications 5 --threads 4)" ]
}

@test "--set counts more than the file, the last one more than those before" {
    [ "$(json --set workload.NB.count=2 | jq '.groups[0].workloads')" -eq 2 ]
    [ "$(json --set workload.NB.count=2 --set workload.NB.count=5 | jq '.groups[0].workloads')" -eq 5 ]
    [ "$(json --set policy.victim=mru | jq -r .policy.victim)" = mru ]
    [ "$(json --replications 3 | jq .replications)" -eq 3 ]
    [ "$(json --set node.swap=no --set node.gpu_memory=160GiB | jq '.gpus[0].swaps')" -eq 0 ]
    [ "$(json | jq '.gpus[0].swaps > 0')" = true ]
}

@test "--assert: 0 where every SLA is met, 1 where one is missed, with the report all the same" {
    prints ' met ' a.ini --assert
    run --separate-stderr "$GPUSWAP_SIM" a.ini --assert --set sla.NB.response_p95=1s
    [ "$status" -eq 1 ]
    [[ $output == *MISSED* ]]
    [ "$(sqlite3 results.db 'SELECT group_concat(status) FROM run')" = complete,complete ]
    "$GPUSWAP_SIM" a.ini --set sla.NB.response_p95=1s     # without --assert it is no failure
}

@test "record_limit: the rows end there without a gap, the report is the same, and it is said" {
    long=(a.ini --set scenario.duration=600h --set scenario.record=events --quiet)
    "$GPUSWAP_SIM" "${long[@]}" --db all.db >all.txt
    "$GPUSWAP_SIM" "${long[@]}" --db some.db --set scenario.record_limit=8MiB >some.txt
    diff all.txt some.txt
    size=$(stat -c %s some.db)
    [ "$size" -ge $((8 << 20)) ]
    [ "$size" -lt $((28 << 20)) ]
    [ "$size" -lt "$(stat -c %s all.db)" ]
    [ "$(sqlite3 some.db 'SELECT max(event) + 1 - count(*), min(event) FROM event')" = '0|0' ]
    "$GPUSWAP_SIM" audit some.db | grep -q ', 0 differences'
    run "$GPUSWAP_SIM" a.ini --db some.db --set scenario.record=events --set scenario.record_limit=8MiB
    [ "$status" -eq 0 ]
    [[ $output == *"'some.db' is as large as record_limit says"* ]]
    [ "$(sqlite3 some.db 'SELECT count(*) FROM event WHERE run = 2')" -eq 0 ]
    "$GPUSWAP_SIM" report some.db >/dev/null
}

@test "a scenario from standard input" {
    run --separate-stderr "$GPUSWAP_SIM" - --json - <a.ini
    [ "$status" -eq 0 ]
    [ "$(jq -c .groups <<<"$output")" = "$(json | jq -c .groups)" ]
    run --separate-stderr "$GPUSWAP_SIM" run - --quiet <a.ini
    [ "$status" -eq 0 ]
}

@test "include: relative to the file that includes, and what stands later counts" {
    mkdir -p far/base
    cp a.ini far/base/
    printf 'include = base/a.ini\n[workload.NB]\ncount = 2\n[scenario]\nname = a\n' >far/b.ini
    "$GPUSWAP_SIM" far/b.ini --json - >b.json
    [ "$(jq -c .groups b.json)" = "$(json --set workload.NB.count=2 | jq -c .groups)" ]
}

@test "replay: a trace, alone and on the nodes of a scenario" {
    prints 'trace ' replay "$GPUSWAP_ROOT/tests/data/leaves.gst"
    [[ $output == *"the last job ended after 31.2 s"* ]]
    # A path that is not absolute is taken from here, not from where the scenario lies.
    cp "$GPUSWAP_ROOT/scenarios/office.gst" .
    mkdir far
    printf '[node]\ngpu_memory = 60GiB\n[sla.t]\ngroup = trace\nresponse_p95 = 1ms\n' >far/node.ini
    "$GPUSWAP_SIM" replay office.gst far/node.ini --set trace.trace.memory=30GiB --json - >t.json
    jq -e '.groups[0].name == "trace" and .groups[0].completed > 10 and .sla[0].met == false' t.json
    run --separate-stderr "$GPUSWAP_SIM" replay office.gst far/node.ini --set trace.trace.memory=30GiB --assert
    [ "$status" -eq 1 ]
}

@test "replay: the trace is the whole load; the scenario's own, and what was promised to it, is left out" {
    local leaves=$GPUSWAP_ROOT/tests/data/leaves.gst
    printf '[sla.C]\nclass = training\nslowdown_mean = 99\n[trace.old]\nfile = gone.gst\n' | cat a.ini - >b.ini
    run --separate-stderr "$GPUSWAP_SIM" replay "$leaves" b.ini --json -
    [ "$status" -eq 0 ]
    [ "$stderr" = "note: the trace is the whole load; left out of 'b.ini': 2 groups, 1 SLA" ]
    [ "$(jq -c '[[.groups[].name], [.sla[].name]]' <<<"$output")" = '[["trace"],["C"]]' ]
    # A promise may be turned to the trace, or be made to it; so may what its file lacks.
    "$GPUSWAP_SIM" replay "$leaves" b.ini --quiet --json - --set sla.NB.group=trace --set sla.D.group=trace \
        --set sla.D.slowdown_p50=9 >t.json
    [ "$(jq -c '[.sla[] | [.name, .group]]' t.json)" = '[["NB","trace"],["C",null],["D","trace"]]' ]
    printf '[node]\ngpu_memory = 60GiB\n[trace.trace]\nfile = gone.gst\nmemory = 20GiB\n' >c.ini
    prints 'trace ' replay "$GPUSWAP_ROOT/scenarios/office.gst" c.ini
}

@test "replay: the command that it advises can be pasted, and the run audited" {
    cp "$GPUSWAP_ROOT/scenarios/office.gst" "day 1's.gst"
    mkdir sub
    cp "$GPUSWAP_ROOT/scenarios/office.gst" sub
    "$GPUSWAP_SIM" replay "day 1's.gst" -f gst --set trace.trace.memory=30GiB >text
    local next
    next=$(sed -n 's/^Next: gpuswap-sim //p' text)
    [[ $next == "replay --format gst 'day 1'\\''s.gst' --set trace.trace.memory=30GiB "* ]]
    eval "'$GPUSWAP_SIM' $next" >text
    "$GPUSWAP_SIM" replay sub/office.gst --quiet --set trace.trace.memory=30GiB --set scenario.record=events --db e.db
    prints ', 0 differences' audit e.db
}

@test "trace import, check and info" {
    local csv=$GPUSWAP_ROOT/tests/data/sessions.csv
    run --separate-stderr "$GPUSWAP_SIM" trace import --format adobe-notebooks "$csv" -o s.gst
    [ "$status" -eq 0 ]
    [ -z "$output" ]
    [[ $stderr == "assumed session "*"s.gst: 3 workloads, 8 bursts"* ]]
    prints 's.gst: valid' trace check s.gst
    [[ $output == *"W 3, B 8,"*"D 3,"* ]]
    prints 'workloads   3: notebook 3' trace info s.gst
    "$GPUSWAP_SIM" trace import --format adobe-notebooks "$csv" -o - 2>/dev/null | cmp - s.gst
    "$GPUSWAP_SIM" trace import --format adobe-notebooks --single "$csv" -o single.gst 2>/dev/null
    prints 'W 1,' trace check single.gst
    prints '"scenario"' replay single.gst --json -
    [ "$(jq '.groups[0].completed' <<<"$output")" -eq 4 ]
    prints 'W 4,' trace check "$GPUSWAP_ROOT/tests/data/mixed.gst"
}

@test "keys, policies, backends" {
    prints '[scenario]' keys
    [[ $output == *"[workload"*"[sla"* ]]
    prints '[node] h2d = rate' keys h2d
    prints '[node] h2d = rate' keys node.h2d
    prints '[node] h2d = rate' keys node.A.h2d
    prints '[workload] memory = dist of size' keys workload.NB.memory
    [ "$(grep -c '^\[' <<<"$output")" -eq 1 ]
    prints '[policy] slicer.quantum = time' keys slicer.quantum
    [[ $output == *"for:     slicer = nvshare"* ]]
    prints '[policy] slicer.quantum = time' keys policy.slicer.quantum
    prints '  h2d ' keys node
    [ "$(grep -c '^\[' <<<"$output")" -eq 1 ]
    [ "$("$GPUSWAP_SIM" keys | awk 'length > 120' | wc -l)" -eq 0 ]
    prints lru policies
    [[ $output == victim*slicer*cap*prefetch*place* ]]
    prints 'slicer.quantum = 30s' policies nvshare
    prints '  nvshare ' policies slicer
    [[ $output == slicer* && $output != *victim* ]]
    prints 'sim      works here' backends
}

@test "every victim policy runs, and swaps" {
    local policy
    for policy in $("$GPUSWAP_SIM" policies | awk '/^[a-z]/ { slot = $1 } /^  / && slot == "victim" { print $1 }'); do
        json --set policy.victim="$policy" | jq -e --arg policy "$policy" \
            '.policy.victim == $policy and .gpus[0].swaps > 10'
        policies+=("$policy")
    done
    [ "${#policies[@]}" -ge 4 ]
}

@test "audit: no difference, until a recorded command is changed" {
    "$GPUSWAP_SIM" a.ini --quiet --set scenario.record=events --replications 2
    prints ', 0 differences' audit results.db
    cp results.db changed.db
    sqlite3 changed.db "UPDATE command SET gpu = 7 WHERE replication = 1 AND command =
        (SELECT max(command) FROM command WHERE replication = 1 AND kind = 'swap_in')"
    run --separate-stderr "$GPUSWAP_SIM" audit changed.db
    [ "$status" -eq 1 ]
    [[ $output == *", 1 differences"*"first: replication 1, "*"was swap_in"*"on gpu 7"*"now it is"*"on gpu 0"* ]]
    cp results.db lost.db
    sqlite3 lost.db "DELETE FROM command WHERE replication = 0 AND kind = 'swap_out'"
    run --separate-stderr "$GPUSWAP_SIM" audit lost.db
    [ "$status" -eq 1 ]
}
