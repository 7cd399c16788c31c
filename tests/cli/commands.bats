#!/usr/bin/env bats
# commands.bats - every command that simulates, once, on a scenario of an hour: it succeeds and prints.  What they print is
# the matter of the tests of their names; these are short, so that sanitizers see each command.

bats_require_minimum_version 1.5.0

setup_file() {
    cd "$BATS_FILE_TMPDIR" || exit
    cat >a.ini <<'END_OF_SCENARIO'
[scenario]
duration = 1h
replications = 2
record = events
[node]
gpu_memory = 80GiB
[workload.NB]
class = notebook
count = 4
memory = 30GiB
think = exp(60s)
burst = exp(5s)
[sla.NB]
group = NB
response_p95 = 60s
[sweep]
workload.NB.count = 2..3
END_OF_SCENARIO
    "$GPUSWAP_SIM" run a.ini --quiet
    sed -i 's/record = events/record = summary/' a.ini
}

setup() {
    cd "$BATS_FILE_TMPDIR" || exit
}

# prints TEXT ARGUMENT...: it succeeds, has nothing to complain of, and what it prints holds TEXT.
prints() {
    run --separate-stderr "$GPUSWAP_SIM" "${@:2}"
    [ "$status" -eq 0 ] || { echo "'${*:2}' ended with $status: $stderr"; return 1; }
    [[ $output == *"$1"* ]] || { echo "'${*:2}' printed: $output"; return 1; }
}

@test "a run: report, page, pictures, audit, a burst explained" {
    prints "NB " report results.db
    prints "" report results.db --html page --plots plots
    [ -s page/index.html ]
    prints "" audit results.db
    prints "NB" explain results.db --burst 3
}

@test "alternatives: compare, regret, advise, capacity, sweep" {
    prints "rr" compare a.ini --policy slicer=rr --policy slicer=fcfs
    prints "best of both" regret a.ini
    prints "swap file" advise a.ini
    prints "notebooks" capacity a.ini --vary workload.NB.count=1..6
    prints "" sweep a.ini --db sweep.db
    prints "" merge -o all.db sweep.db
}

@test "traces: generated, checked, fitted, replayed from the disk" {
    prints "" trace generate a.ini -o a.gst
    prints "" trace check a.gst
    prints "of the law" trace fit a.gst
    prints "" replay a.gst --set node.gpu_memory=80GiB --db replay.db
}
