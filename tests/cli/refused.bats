#!/usr/bin/env bats
# refused.bats - a report does not call a promise kept to those who were refused, names what no setting can mend, and tells
# what of a recording was left when it was cut off.

bats_require_minimum_version 1.5.0
load advice

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
    ln -sfn "$GPUSWAP_ROOT/scenarios" scenarios
}

# Six small notebooks, of which two find a place; these two have all that was promised.
crowded=(scenarios/quickstart.ini --set workload.NB.memory=20GiB --set node.max_workloads_per_gpu=2
    --set sla.NB.response_p95=30s --replications 4)

@test "who was refused breaks the promise, and the report says so at its top" {
    sim "${crowded[@]}" --json few.json >few.txt
    grep -q '^REFUSED  NB      4 of 6 notebooks found no GPU when they arrived and were refused:$' few.txt
    grep -q '^SLA  NB .* MISSED .* some were refused$' few.txt
    grep -q '^Note: 16 workloads of NB refused on arrival' few.txt
    run ! grep -q 'bursts of NB refused' few.txt
    jq -e '.sla[0] | .value < .target and (.met | not) and .missed == "refused"' few.json
    jq -e '.groups[0] | .refused == 16 and .rejected == 16 and .throughput_share < 0.34' few.json
    run sim "${crowded[@]}" --quiet --assert
    [ "$status" -eq 1 ]
    [ "$(next_of few.txt)" = "--set node.max_workloads_per_gpu=6" ]
    sim "${crowded[@]}" --set node.max_workloads_per_gpu=6 >many.txt
    run ! grep -q REFUSED many.txt
}

@test "the database gives the same report, and the picture says why" {
    sim "${crowded[@]}" --json few.json >few.txt
    "$GPUSWAP_SIM" report r.db --json - | cmp - few.json
    "$GPUSWAP_SIM" report r.db | cmp - few.txt
    [ "$(sqlite3 r.db "SELECT missed FROM report_sla")" = refused ]
    [ "$(sqlite3 r.db "SELECT sum(refused) FROM replication_group")" -eq 16 ]
    "$GPUSWAP_SIM" report r.db --plots p 2>/dev/null || true
    grep -q 'MISSED: 4 of 6 refused' p/response.gp
}

@test "notebooks larger than the GPU: not more GPUs, a larger one" {
    large=(scenarios/quickstart.ini --replications 1 --set "workload.NB.memory=mix(0.5:30GiB, 0.5:90GiB)")
    sim "${large[@]}" >large.txt
    grep -q ' larger than an empty GPU ' large.txt
    [ "$(next_of large.txt)" = "--set node.gpu_memory=92GiB" ]
    sim "${large[@]}" --set node.gpu_memory=92GiB >fits.txt
    run ! grep -q REFUSED fits.txt
}

@test "a promise shorter than the work itself" {
    sim scenarios/quickstart.ini --set sla.NB.response_p95=10s --json short.json >short.txt
    grep -q 'no sharing can keep this: alone p95 is 2[0-9.]* s' short.txt
    next_of short.txt | grep -q '^--set node.gpu_speed='
    jq -e '.sla[0].alone > 20 and .sla[0].alone < 25' short.json
    sim scenarios/quickstart.ini >long.txt
    run ! grep -q 'no sharing' long.txt
}

@test "a node that does not swap is full for good" {
    sim scenarios/quickstart.ini --set node.swap=no --set workload.NB.count=4 >full.txt
    grep -q ': no room in GPU memory, and the node does not swap$' full.txt
    [ "$(next_of full.txt)" = "--set node.swap=yes" ]
}

@test "a window of a trace: what was not reached, and no job's end" {
    sim replay scenarios/office.gst --set trace.trace.memory=30GiB --set trace.trace.to=4h --json cut.json >cut.txt
    grep -q '^Note: [0-9]* of [0-9]* recorded bursts of trace were not reached' cut.txt
    run ! grep -q 'the last job ended' cut.txt
    run ! grep -q STUCK cut.txt
    jq -e '.makespan_s == null and (.groups[0] | .unreached > 0 and
           .recorded - .unreached == .completed + .censored)' cut.json
    sim replay scenarios/office.gst --set trace.trace.memory=30GiB --set node.gpus=3 --json all.json >all.txt
    grep -q '^the last job ended after ' all.txt
    jq -e '.groups[0] | .unreached == 0 and .recorded == .completed' all.json
}

@test "nothing will ever happen again: whoever waits is stuck, however short the wait" {
    printf '%s\n' '#gpuswap-trace,1' 0,W,a,n,1,50000000000,,,,,,o 0,W,b,n,1,50000000000,,,,,,o \
        1000000,B,a,1000000 2000000,B,b,1000000 5000000,B,a,1000000 >dead.gst
    printf '[node]\ngpu_memory = 80GiB\nswap = no\n' >fixed.ini
    sim replay dead.gst fixed.ini >dead.txt
    grep -q '^STUCK  trace   1 of 2 notebooks ' dead.txt
    grep -q ': no room in GPU memory, and the node does not swap$' dead.txt
}

@test "no interval of a report ends below zero" {
    sim scenarios/quickstart.ini --replications 2 --quiet
    [ "$(sqlite3 r.db "SELECT count(*) FROM metric WHERE ci_low < 0")" -eq 0 ]
    [ "$(sqlite3 r.db "SELECT count(*) FROM metric WHERE ci_low = 0 AND value > 0 AND ci_high > 2 * value")" -gt 0 ]
}

@test "what a swap file had no room for counts once a burst, however often it is tried" {
    cat >tight.ini <<'END'
[scenario]
duration = 2d
record = bursts
[node]
gpu_memory = 80GiB
swap_file = 120GiB
[workload.NB]
class = notebook
count = 6
memory = uniform(20GiB, 40GiB)
think = lognormal(90s, 1.2)
burst = lognormal(6s, 1)
END
    sim tight.ini --quiet --json tight.json
    jq '.swap_files[0].refused_bytes' tight.json >refused.txt
    sqlite3 r.db 'SELECT sum(bytes) FROM burst JOIN workload USING(run, workload) WHERE cap_ns > 0' | cmp - refused.txt
    [ "$(sqlite3 r.db 'SELECT count(*) FROM burst WHERE cap_ns > 0')" -gt 100 ]
}
