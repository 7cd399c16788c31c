#!/usr/bin/env bats
# compare.bats - alternatives against each other: what is printed and kept, that the numbers are those of single runs, and
# clear words where there is nothing to compare.

bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
    cat >a.ini <<'END_OF_SCENARIO'
[scenario]
duration = 1h
replications = 5
[node]
gpu_memory = 80GiB
swap_file = 200GiB
[workload.NB]
class = notebook
count = 4
memory = 30GiB
think = exp(60s)
burst = exp(5s)
[workload.TR]
class = training
memory = 30GiB
gpu_work = 10m
[sla.NB]
group = NB
response_p95 = 45s
END_OF_SCENARIO
}

compare() {
    run --separate-stderr "$GPUSWAP_SIM" compare "$@"
}

# fails CODE TEXT ARGUMENT...: it ends with that code and says TEXT; nothing is printed or kept.
fails() {
    compare "${@:3}"
    [ "$status" -eq "$1" ] || { echo "'${*:3}' ended with $status: $stderr"; return 1; }
    [[ $stderr == "gpuswap-sim"*"$2"* ]] || { echo "'${*:3}' said: $stderr"; return 1; }
    [ -z "$output" ]
    [ ! -e r.db ]
}

# metric SCOPE METRIC NAME: that metric of c.json.
metric() {
    jq -c --arg s "$1" --arg m "$2" --arg n "$3" '.metrics[] | select(.scope == $s and .metric == $m and .name == $n)' \
        c.json
}

# holds SCOPE METRIC NAME FILTER: FILTER is true of that metric.
holds() {
    jq -e --arg s "$1" --arg m "$2" --arg n "$3" "[.metrics[] | select(.scope == \$s and .metric == \$m and .name == \$n)] |
        length == 1 and (.[0] | $4)" c.json
}

@test "a table on stdout, JSON where it is wanted, no database unless asked for" {
    compare a.ini --policy victim=lru --policy "slicer=rr, slicer.quantum=5s" --json c.json
    [ "$status" -eq 0 ]
    [ -z "$stderr" ]
    [[ $output == "a: against the first of them "* ]]
    for text in "(baseline)" "lru + rr(5s)" "group NB, notebook" "group TR, training" "response mean" "slowdown p95" \
        "makespan" "SLA NB: response p95 <= 45.0 s" "swaps per h" "swapped bytes"; do
        [[ $output == *"$text"* ]] || { echo "no '$text' in: $output"; return 1; }
    done
    local text=$output
    run ! grep -E '^.{101}' <<<"$text"
    [ ! -e results.db ]
    jq -e '.alternatives[1].name == "slicer=rr, slicer.quantum=5s" and .alternatives[1].policy.slicer == "rr" and
        .alternatives[1].policy.parameters["slicer.quantum"] == "5s" and .replications == 5' c.json
    jq -e '[.metrics[] | .differences[] | has("difference") and has("ci95") and has("ci_holm") and has("p") and
        has("p_holm") and has("verdict") and has("variance_ratio")] | all' c.json
    compare a.ini --policy victim=lru --policy slicer=rr --json -
    jq -e '.baseline == 0' <<<"$output"
    compare a.ini --policy victim=lru --policy slicer=rr --quiet
    [ -z "$output$stderr" ]
}

@test "values are those of single runs, differences those of the values, and the threads do not matter" {
    "$GPUSWAP_SIM" compare a.ini --policy slicer=rr --policy slicer=fcfs --seed 3 --threads 1 --quiet --json c.json
    "$GPUSWAP_SIM" a.ini --seed 3 --set policy.slicer=rr --json - >x.json
    "$GPUSWAP_SIM" a.ini --seed 3 --set policy.slicer=fcfs --json - >y.json
    for what in "mean response_mean" "p95 response_p95"; do
        read -r key name <<<"$what"
        [ "$(metric group "$name" NB | jq .values[0].value)" = "$(jq ".groups[0].response_s.$key" x.json)" ]
        [ "$(metric group "$name" NB | jq .values[1].value)" = "$(jq ".groups[0].response_s.$key" y.json)" ]
        [ "$(metric group "$name" NB | jq -c .values[1].ci95)" = "$(jq -c ".groups[0].response_s.${key}_ci95" y.json)" ]
        holds group "$name" NB '(.values[1].value - .values[0].value - .differences[0].difference) * 1e6 | fabs < 1'
    done
    [ "$(metric run swapped_bytes "" | jq '.values[0].value * 5')" = \
        "$(jq '[.gpus[] | .swap_in_bytes + .swap_out_bytes] | add' x.json)" ]
    "$GPUSWAP_SIM" compare a.ini --policy slicer=rr --policy slicer=fcfs --seed 3 --threads 3 --quiet --json d.json
    cmp c.json d.json
}

@test "a scenario against itself is identical in everything" {
    compare a.ini --policy victim=lru --policy victim=lru --json c.json
    [ "$status" -eq 0 ]
    jq -e '[.metrics[].differences[] | .difference == 0 and .verdict == "identical" and .ci95 == null] | all' c.json
    [[ $output == *"≈ identical"* ]]
    [[ $output != *better* && $output != *worse* ]]
}

@test "one alternative is held against the scenario as it is; --set is for all; a variant sets any keys" {
    compare a.ini --variant "node.gpu_speed=0.5 workload.NB.think=mix(0.5:exp(60s), 0.5:exp(60s))" \
        --set workload.NB.count=2 --json c.json
    [ "$status" -eq 0 ]
    [[ $output == "a: against the scenario as it is "* ]]
    [[ $output == *"as it is"*"(baseline)"* ]]
    holds group response_mean NB '.differences[0].verdict == "worse" and .differences[0].p < 0.01'
    compare a.ini --variant node.gpu_speed=2 --set workload.NB.count=2 --json c.json
    holds group response_mean NB '.differences[0].verdict == "better" and .differences[0].share < -0.4'
    holds sla response_p95 NB '.values[1].met == true and .differences[0].verdict == "better"'
}

@test "several scenarios; groups of one only; the random numbers are those of the first" {
    sed 's/workload.TR/workload.other/' a.ini >b.ini
    sed -i 's/replications = 5/replications = 3\nseed = 9/' b.ini
    compare a.ini b.ini --json c.json
    [ "$status" -eq 0 ]
    [[ $stderr == *"note: 'b' runs with seed 1 and 5 replications, as the baseline does"* ]]
    [[ $output == *"2 scenarios"* && $output == *"not in both"* ]]
    [[ $output == *"the baseline has no group other, as b has"* ]]
    holds group makespan TR '.differences[0].verdict == null and .values[1].value == null'
    jq -e '.alternatives | map(.name) == ["a", "b"]' c.json
}

@test "verdicts go with their intervals, which are wider where more is compared" {
    "$GPUSWAP_SIM" compare a.ini --policy slicer=rr --policy slicer=fcfs --variant node.h2d=24GB/s --quiet --json c.json
    jq -e '[.metrics[].differences[] | select(.ci_holm) |
        (.ci_holm[0] > 0 or .ci_holm[1] < 0) == (.p_holm <= 0.05) and
        (.p_holm <= 0.05) == (.verdict != "unclear") and .p_holm >= .p] | length > 20 and all' c.json
    jq -e '[.metrics[].differences[] | select(.ci_holm and .confidence > 0.951) |
        .ci_holm[0] < .ci95[0] and .ci_holm[1] > .ci95[1]] | length > 10 and all' c.json
    jq -e '[.metrics[] | select(.scope == "group") | .comparisons] | max == 4' c.json
}

@test "one replication is not enough: ten are run" {
    compare a.ini --policy slicer=rr --replications 1 --json c.json
    [[ $stderr == *"each alternative runs 10"* ]]
    jq -e '.replications == 10' c.json
}

@test "--db keeps every alternative under its name" {
    compare a.ini --policy victim=lru --policy victim=mru --db r.db
    [ "$(sqlite3 r.db 'SELECT group_concat(scenario) FROM run')" = "a [victim=lru],a [victim=mru]" ]
    [ "$(sqlite3 r.db 'SELECT group_concat(victim || status) FROM run')" = lrucomplete,mrucomplete ]
}

@test "without chance differences are exact, and it says so" {
    sed -i 's/exp(\(.*\))/\1/' a.ini
    compare a.ini --variant node.gpu_speed=0.5 --json c.json
    [[ $output == *"nothing here is random"* && $output == *exact* ]]
    holds group response_mean NB '.differences[0] | .exact and .verdict == "worse" and .p == null and .ci95 == null'
}

@test "no verdict in favour of one whose times leave somebody out" {
    compare a.ini --variant node.swap_file=1GiB --set workload.NB.burst="exp(20s)" --json c.json
    [ "$status" -eq 0 ]
    [[ $output == *"node.swap_file=1GiB:"*"UNENDED  NB"* && $output == *"? see above"* ]]
    holds group response_mean NB '.values[1].partial and .differences[0].verdict == "partial"'
}

@test "nothing ended: a dash and the reason, no verdict" {
    compare a.ini --variant workload.TR.gpu_work=10h --json c.json
    [ "$status" -eq 0 ]
    [[ $output == *"nothing ended here"* && $output == *"not all ended"* ]]
    holds group response_p95 TR '.differences[0].verdict == null and .values[0].value > 0'
    compare a.ini --variant "workload.TR.gpu_work=exp(40m)" --json c.json
    holds group response_mean TR '.values[1].value > 0'     # some jobs ended
    holds group makespan TR '.values[0].value > 0 and .values[1].value == null'
    compare a.ini --variant workload.TR.gpu_work=10m --set workload.TR.gpu_work=10h
    [ "$status" -eq 0 ]
    [[ $output == *"nothing to hold it against"* ]]
}

@test "percentiles are of the replications in which both have one, and so are their shares" {
    compare a.ini --variant node.gpu_speed=0.5 --set scenario.duration=3m --set workload.NB.think="exp(5m)" \
        --set workload.NB.count=1 --set workload.TR.gpu_work=1s --set scenario.replications=12 --json c.json
    [ "$status" -eq 0 ]
    [[ $output =~ "percentiles of NB, node.gpu_speed=0.5: of the "([0-9]+)" replications of 12" ]]
    [ "${BASH_REMATCH[1]}" -gt 1 ]
    holds group response_p95 NB ".differences[0] | .pairs == ${BASH_REMATCH[1]} and .share > 0.5"
    holds group response_mean NB '.differences[0].pairs == 12'
}

@test "--assert: 1 if an alternative misses an SLA" {
    compare a.ini --policy victim=lru --policy victim=mru --assert --set sla.NB.response_p95=1h
    [ "$status" -eq 0 ]
    compare a.ini --policy victim=lru --policy victim=mru --assert --set sla.NB.response_p95=1ms
    [ "$status" -eq 1 ]
    [[ $output == *MISSED* ]]
}

@test "scenarios that promise and last otherwise: said beside the numbers; names that are the same get numbers" {
    sed -e 's/= 1h/= 2h/' -e 's/= 45s/= 1ms/' a.ini >b.ini
    compare a.ini b.ini
    [[ $output == *"(its target: 1.00 ms)"* ]]
    [[ $output == *"b is simulated for another time than the baseline"* ]]
    compare a.ini --policy victim=lru --policy victim=lru
    [[ $output == *"#2   victim=lru  lru + "* ]]
    [[ $output != *"its target"* && $output != *"another time"* ]]
}

@test "what is asked for wrongly: named, and nothing is run" {
    fails 64 "which scenario?"
    fails 64 "compare 'a.ini' with what?" a.ini
    fails 64 "several scenarios, or --policy" a.ini a.ini --policy victim=mru
    fails 64 "give it as a file" - --policy victim=mru
    fails 64 "--policy 'victim=mru lru': 'lru' has no value" a.ini --policy "victim=mru lru" --db r.db
    fails 64 "--variant needs a setting" a.ini --variant " " --db r.db
    fails 65 "alternative 'victim=mruu': unknown victim policy 'mruu'; did you mean 'mru'?" \
        a.ini --policy victim=lru --policy victim=mruu --db r.db
    fails 65 "alternative 'victim=mru,slicer=rrr': policy.slicer=rrr: unknown slicer policy 'rrr'" \
        a.ini --policy victim=mru,slicer=rrr --db r.db
    fails 78 "alternative 'workload.NB.memory=90GiB': " a.ini --variant workload.NB.memory=90GiB --db r.db
    fails 66 "gone.ini" a.ini gone.ini --db r.db
    echo 'nonsense = 1' >>a.ini
    fails 65 "a.ini:" a.ini --policy victim=lru --policy victim=mru --db r.db
    [[ $stderr != *alternative* ]]
}
