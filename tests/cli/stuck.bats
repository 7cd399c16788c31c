#!/usr/bin/env bats
# stuck.bats - a report never calls a promise kept where bursts are stuck, says who and why, and what to try next helps.

bats_require_minimum_version 1.5.0
load advice

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
    ln -sfn "$GPUSWAP_ROOT/scenarios" scenarios
}

# Seven notebooks and a swap file that has no room for one of them: two have the GPU for ever.
blocked=(scenarios/quickstart.ini --set workload.NB.count=7 --set node.swap_file=29GiB)

@test "a full swap file: the promise is missed, and the report says why and what helps" {
    sim "${blocked[@]}" --json full.json >full.txt
    grep -q '^STUCK  NB      5 of 7 notebooks waited for the GPU when the run ended,$' full.txt
    grep -q '^  *for up to 7.9[0-9] h: no room in the swap file$' full.txt
    grep -q '^SLA  NB .* MISSED .* some are stuck$' full.txt
    grep -q '^What limits: a full swap file: 5 of 7 notebooks of NB waiting for room in it.$' full.txt
    [ "$(next_of full.txt)" = "--set node.swap_file=150GiB" ]
    jq -e '.sla[0] | .value < .target and (.met | not) and .missed == "stuck" and .attainment < 0.98' full.json
    jq -e '.groups[0] | .stuck == 50 and .censored < 55 and .unended_age_s.p50 > 28000 and .waiting_max_s > 28000
           and .unended_stall_s.cap > 0.95 * .unended_age_s.p50 and (.unended_stall_s | length) == 7' full.json
    run sim "${blocked[@]}" --quiet --assert
    [ "$status" -eq 1 ]
    sim "${blocked[@]}" --set node.swap_file=150GiB >roomy.txt
    run ! grep -q STUCK roomy.txt
}

@test "the database gives the same report" {
    sim "${blocked[@]}" --json full.json >full.txt
    "$GPUSWAP_SIM" report r.db --json - | cmp - full.json
    "$GPUSWAP_SIM" report r.db | cmp - full.txt
    [ "$(sqlite3 r.db "SELECT missed FROM report_sla")" = stuck ]
    [ "$(sqlite3 r.db "SELECT sum(waiting) FROM replication_group")" -eq 50 ]
}

@test "whoever was stuck before the warm-up was over is stuck, too" {
    sim "${blocked[@]}" --set scenario.warmup=2h --json late.json --quiet
    jq -e '.groups[0] | .stuck == 50 and .censored < 5' late.json
    jq -e '.sla[0].missed == "stuck"' late.json
}

@test "refused bursts break a promise that those which ended keep" {
    sim "${blocked[@]}" --set policy.cap.when_full=reject --json refused.json >refused.txt
    jq -e '.sla[0] | .value < .target and .missed == "share" and .attainment < 0.5' refused.json
    grep -q '^What limits: the cap of the swap file: ' refused.txt
    next_of refused.txt | grep -q 'node.swap_file='
}

@test "replications are recommended only where they differ" {
    for name in hello two-big-jobs nvshare-big nvshare-small adobe-replay; do
        sim "scenarios/$name.ini" >report.txt
        run ! grep -q -- --replications report.txt
        grep -q 'every replication is the same' report.txt
    done
    sim scenarios/quickstart.ini --replications 1 >report.txt
    grep -q -- '--replications 10' report.txt
}

@test "no jobs are added where the question is notebooks" {
    sim scenarios/notebooks-over-training.ini >report.txt
    [ "$(next_of report.txt)" = "--set workload.notebook.count=2" ]
    sim scenarios/two-big-jobs.ini >report.txt
    run ! grep -q 'workload.job.count' report.txt
}
