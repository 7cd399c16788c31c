#!/usr/bin/env bats
# capacity.bats - how far a key may go: the answer and what it says for itself, as text and JSON; two keys; threads; mistakes.

bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
    cat >base.ini <<'END_OF_SCENARIO'
[scenario]
duration = 30h
warmup = 1h
replications = 10
[node]
gpu_memory = 80GiB
sharing = exclusive
[workload.NB]
class = notebook
count = 6
memory = 1GiB
think = exp(120s)
burst = exp(10s)
[sla.NB]
group = NB
response_p95 = 60s
END_OF_SCENARIO
    sed 's/memory = 1GiB/memory = 30GiB/; s/30h/8h/; s/warmup.*//' base.ini >pressed.ini
    # Nothing is random: one burst of 10 s every 110 s, and a second notebook at another time of its own.
    sed 's/exp(120s)/100s/; s/exp(10s)/10s/; s/= 60s/= 15s/' base.ini >exact.ini
}

capacity() {
    run --separate-stderr "$GPUSWAP_SIM" capacity "$@"
}

# fails CODE TEXT ARGUMENT...: it ends with that code and says TEXT; nothing is printed.
fails() {
    capacity "${@:3}"
    [ "$status" -eq "$1" ] || { echo "'${*:3}' ended with $status: $stderr"; return 1; }
    [[ $stderr == "gpuswap-sim"*"$2"* ]] || { echo "'${*:3}' said: $stderr"; return 1; }
    [ -z "$output" ]
}

@test "nine notebooks, and why not ten; JSON where it is wanted; no database" {
    capacity base.ini --vary workload.NB.count --json c.json
    [ "$status" -eq 0 ]
    [ -z "$stderr" ]
    [[ $output == "base   lru + fcfs   seed 1 "*"9 notebooks (95 % confidence); 10 misses response p95 of NB (6"*" s > 60.0 s); binding: response p95 of NB."* ]]
    [[ $output == *$'\n'"9  "*" kept "*"NB response p95 <= 60.0 s "*" s  ["*$'\n'"10 "*" MISSED "* ]]
    [ ! -e results.db ]
    jq -e '.answer == 9 and .confidence == 0.95 and .binding == "NB.response_p95" and .beyond == 10
        and .beyond_state == "missed" and .monotone and .undecided == [] and (.curve | map(.value) == [8, 9, 10, 11])
        and (.curve | all(.checks[0].ci95 | length == 2))' c.json
    capacity base.ini --vary workload.NB.count --json -
    [ "$output" = "$(cat c.json)" ]
    capacity base.ini --vary workload.NB.count --quiet
    [ -z "$output$stderr" ]
}

@test "its points are those of single runs with as many replications" {
    local value runs
    "$GPUSWAP_SIM" capacity base.ini --vary workload.NB.count --set sla.NB.response_mean=30s --json - >c.json
    jq -e '.curve | any(.replications > 10)' c.json
    while read -r value runs; do
        "$GPUSWAP_SIM" base.ini --set sla.NB.response_mean=30s --set "workload.NB.count=$value" --replications "$runs" \
            --quiet --db s.db --json s.json
        diff <(jq -c '.sla[] | [.metric, .value, .ci95, .attainment]' s.json) \
            <(jq -c ".curve[] | select(.value == $value).checks[] | [.name[3:], .value, .ci95, .attainment]" c.json)
    done < <(jq -r '.curve[] | "\(.value) \(.replications)"' c.json)
}

@test "threads change nothing" {
    "$GPUSWAP_SIM" capacity pressed.ini --vary workload.NB.count --threads 1 --json - >1.json
    "$GPUSWAP_SIM" capacity pressed.ini --vary workload.NB.count --threads 7 --json - >7.json
    cmp 1.json 7.json
}

@test "the smallest swap file is the one before somebody is stuck" {
    capacity pressed.ini --vary node.swap_file --step 1GiB --set workload.NB.count=5 --set node.swap_file=200GiB --json c.json
    [[ $output == *"node.swap_file = 90GiB (95 % confidence); 89GiB misses response p95 of NB (somebody is stuck)"* ]]
    jq -e '.answer == 96636764160 and .curve[0].checks[0].missed == "stuck" and (.curve | all(.value % 1073741824 == 0))' c.json
    capacity pressed.ini --vary node.swap_file=64GiB..128GiB --set workload.NB.count=5
    [[ $output == *"node.swap_file = 90GiB (95 % confidence); 89GiB misses "* ]]
}

@test "a frontier of two keys, and what else would help" {
    capacity pressed.ini --vary workload.NB.count --vary node.swap_file=30GiB,90GiB,200GiB --json c.json
    [[ $output == *"30GiB "*"3 notebooks"*"90GiB "*"5 notebooks"*"200GiB "*" notebooks"* ]]
    jq -e '(.frontier | map(.answer)) as $a | $a[0] == 3 and $a[1] == 5 and $a[2] >= 5 and .second == "node.swap_file"
        and (.frontier | all(.confidence > 0.98))' c.json
    capacity base.ini --vary workload.NB.count --vary node.gpu_speed=0.5,1,2 --indifference 5% --json c.json
    jq -e '.frontier | map(.answer) == (map(.answer) | sort) and length == 3' c.json
    capacity base.ini --vary workload.NB.count --sensitivity --indifference 2% --confidence 80% --json c.json
    [[ $output == *"think times 10 % longer "*"notebooks"*"GPUs 10 % faster "*"links twice as fast "*"9 notebooks"* ]]
    jq -e '.answer == 9 and (.sensitivity | map(select(.name == "GPUs 10 % faster"))[0].answer > 9)' c.json
}

@test "where nothing is random it is exact, and ends of ranges are told" {
    capacity exact.ini --vary workload.NB.burst --set workload.NB.count=1
    [[ $output == *"workload.NB.burst = 15s (95 % confidence); 15.1s misses "* ]]
    capacity base.ini --vary workload.NB.count=1..5
    [[ $output == *"5 notebooks (95 % confidence), the end of the range."* ]]
    capacity base.ini --vary workload.NB.count=12..20 --json c.json
    [[ $output == *"None (95 % confidence): even 12 notebooks miss response p95 of NB"* ]]
    jq -e '.answer == null and .beyond == 12' c.json
    capacity base.ini --vary node.gpus
    [[ $output == *"node.gpus = 1 (95 % confidence), as far as it can go."* ]]
    capacity base.ini --vary workload.NB.memory
    [[ $output == *"workload.NB.memory = "*"cannot be: "*"'NB' needs "* || $output == *"misses"* ]]
}

@test "what cannot be told is undecided, with its interval" {
    capacity base.ini --vary workload.NB.count --set sla.NB.response_p95=58.4s --indifference 3% --json c.json
    [[ $output == *"8 notebooks (95 % confidence); 9 is undecided: response p95 of NB is 58."*" s [5"*" s, "*" s], too close to 58.4 s"* ]]
    [[ $output == *"Undecided: closer to the target than 3.0 %"* ]]
    jq -e '.answer == 8 and .beyond_state == "undecided" and .undecided == [9]' c.json
}

@test "--assert is about the scenario as it is" {
    capacity base.ini --vary workload.NB.count --quiet --assert
    [ "$status" -eq 0 ]
    capacity base.ini --vary workload.NB.count --quiet --assert --set workload.NB.count=10
    [ "$status" -eq 1 ]
}

@test "mistakes are told, and nothing is run" {
    fails 64 "which scenario?" --vary workload.NB.count
    fails 64 "vary what?" base.ini
    fails 64 "no such section" base.ini --vary workload.XX.count
    fails 64 "no such key" base.ini --vary workload.NB.cuont
    fails 64 "is a distribution" base.ini --vary workload.NB.think
    fails 64 "give a range" base.ini --vary node.chunk
    fails 64 "--step '1'" base.ini --vary node.swap_file --step 1
    fails 64 "--confidence" base.ini --vary workload.NB.count --confidence 2
    fails 64 "--indifference" base.ini --vary workload.NB.count --indifference 0
    fails 64 "not kept" base.ini --vary workload.NB.count --db x.db
    fails 64 "not by '-'" - --vary workload.NB.count
    fails 64 "varied twice" base.ini --vary workload.NB.count --vary workload.NB.count
    fails 64 "--sensitivity" base.ini --vary workload.NB.count --vary node.gpus --sensitivity
    fails 66 "gone.ini" gone.ini --vary workload.NB.count
    fails 73 "no/c.json" base.ini --vary workload.NB.count --json no/c.json
    sed '/sla/,$d' base.ini >none.ini
    fails 65 "add an [sla.NAME]" none.ini --vary workload.NB.count
}

@test "an interrupt ends it without an answer" {
    for seconds in 1 3 9; do # on a busy machine it may not have begun to simulate after one
        timeout --signal=INT "$seconds" "$GPUSWAP_SIM" capacity base.ini --vary workload.NB.count \
            --set scenario.duration=3000d --quiet 2>err || code=$?
        ! grep -q interrupted err || break
    done
    [ "$code" -eq 130 ] || [ "$code" -eq 124 ]
    grep -q "interrupted at 'workload.NB.count=" err
}

@test "the report of a missed promise advises it, and the advice can be pasted" {
    "$GPUSWAP_SIM" base.ini --set workload.NB.count=10 --db r.db >text
    next=$(sed -n 's/^Next: gpuswap-sim \(.*[^ ]\) *# .*/\1/p' text)
    [ "$next" = "capacity base.ini --vary workload.NB.count" ]
    eval "'$GPUSWAP_SIM' $next" | grep -q '^9 notebooks'
}
