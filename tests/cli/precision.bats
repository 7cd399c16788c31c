#!/usr/bin/env bats
# precision.bats - replications until it is precise, one long run with intervals of its own: what is said, kept and refused.

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
    cat >a.ini <<'END_OF_SCENARIO'
[scenario]
duration = 1h
[node]
gpu_memory = 80GiB
swap_file = 200GiB
[workload.NB]
class = notebook
count = 3
memory = 50GiB
think = exp(60s)
burst = exp(5s)
END_OF_SCENARIO
}

@test "until it is precise: the report tells the replications, the database has as many, and prints the same again" {
    "$GPUSWAP_SIM" a.ini --set scenario.precision=5% --json r.json >r.txt
    n=$(jq .replications r.json)
    [ "$n" -gt 10 ]
    [ "$n" -lt 1000 ]
    [ $((n % 10)) -eq 0 ]
    grep -q "^precision 5.0 %: reached with $n replications$" r.txt
    jq -e '.precision | .met and .wanted == 0.05 and .half_width <= 0.05 / 1.05 and .name == "NB" and
           .metric == "response_mean" and .max_replications == 1000' r.json
    [ "$(sqlite3 results.db 'SELECT replications FROM run')" -eq "$n" ]
    [ "$(sqlite3 results.db 'SELECT count(*) FROM replication')" -eq "$n" ]
    "$GPUSWAP_SIM" report results.db | cmp - r.txt
    "$GPUSWAP_SIM" report results.db --json - | cmp - r.json
}

@test "the numbers are those of as many replications without it" {
    "$GPUSWAP_SIM" a.ini --set scenario.precision=5% --quiet --json - >r.json
    n=$(jq .replications r.json)
    "$GPUSWAP_SIM" a.ini --replications "$n" --quiet --json - | jq -c 'del(.wall_s, .precision)' >plain.json
    jq -c 'del(.wall_s, .precision)' r.json | cmp - plain.json
}

@test "not precise with all replications there may be: said at the top" {
    "$GPUSWAP_SIM" a.ini --set scenario.precision=0.1% --set scenario.max_replications=15 --json r.json >r.txt
    [ "$(jq .replications r.json)" -eq 15 ]
    jq -e '.precision.met == false' r.json
    grep -q '^precision 0.1 %: NOT reached with 15 replications, NB response_mean is known to .* %; raise max_repl' r.txt
}

@test "a run with a record can be audited" {
    "$GPUSWAP_SIM" a.ini --set scenario.precision=20% --set scenario.record=events --quiet
    "$GPUSWAP_SIM" audit results.db | grep -q ', 0 differences$'
}

@test "what contradicts it is refused" {
    run "$GPUSWAP_SIM" a.ini --replications 30 --set scenario.precision=5% --set scenario.max_replications=20
    [ "$status" -eq 65 ]
    [[ $output == *"'replications' is greater than 'max_replications'"* ]]
    run "$GPUSWAP_SIM" a.ini --set scenario.precision=5
    [ "$status" -eq 65 ]
    [[ $output == *"write '5%'"* ]]
    run "$GPUSWAP_SIM" a.ini --set scenario.precision=0%
    [ "$status" -eq 65 ]
    [[ $output == *"or 'off'"* ]]
}

@test "compare and regret run the same number of all" {
    run "$GPUSWAP_SIM" compare a.ini --set scenario.precision=5% --policy victim=mru
    [ "$status" -eq 0 ]
    [[ $output == *"'precision' is left out"* ]]
    [[ $output == *"x 10 replications"* ]]
}

@test "one long run has intervals, marked as such; a short one has none" {
    "$GPUSWAP_SIM" a.ini --set scenario.duration=500h --json r.json >r.txt
    grep -q '95 % by batches +/-' r.txt
    grep -q '^Note: intervals of one replication are by batches' r.txt
    jq -e '.groups[0] | .batches.count >= 20 and .batches.count <= 30 and .batches.correlation < 0.1 and
           .response_s.mean_ci95[0] < .response_s.mean and .response_s.mean < .response_s.mean_ci95[1] and
           .response_s.p95_ci95[0] < .response_s.p95 and .response_s.p95 < .response_s.p95_ci95[1]' r.json
    "$GPUSWAP_SIM" report results.db | cmp - r.txt
    "$GPUSWAP_SIM" report results.db --json - | cmp - r.json
    "$GPUSWAP_SIM" a.ini --json s.json >s.txt
    grep -q '^Note: one replication has no confidence interval; ' s.txt
    jq -e '.groups[0] | .batches == {"count": 0, "size": null, "correlation": null} and .response_s.mean_ci95 == null' s.json
}
