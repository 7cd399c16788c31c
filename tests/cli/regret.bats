#!/usr/bin/env bats
# regret.bats - where the mean response goes: the parts add up, the runs are those of single commands, and there is a bound
# where arrivals are fixed.

bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
    cat >open.ini <<'END_OF_SCENARIO'
[scenario]
duration = 1h
warmup = 5m
replications = 4
[node]
gpu_memory = 80GiB
swap_file = 200GiB
sharing = exclusive
[policy]
slicer = rr
slicer.quantum = 10s
[workload.S]
class = inference
count = 4
memory = uniform(25GiB,35GiB)
arrival = poisson(1/min)
service = exp(5s)
END_OF_SCENARIO
    sed 's/inference/notebook/; s/arrival.*/think = exp(60s)/; s/service/burst/' open.ini >closed.ini
}

regret() {
    run --separate-stderr "$GPUSWAP_SIM" regret "$@"
}

# fails CODE TEXT ARGUMENT...: it ends with that code and says TEXT; nothing is printed.
fails() {
    regret "${@:3}"
    [ "$status" -eq "$1" ] || { echo "'${*:3}' ended with $status: $stderr"; return 1; }
    [[ $stderr == "gpuswap-sim"*"$2"* ]] || { echo "'${*:3}' said: $stderr"; return 1; }
    [ -z "$output" ]
}

# mean ARGUMENT...: the mean response of a single run.
mean() {
    "$GPUSWAP_SIM" "$@" --quiet --db s.db --json - | jq '.groups[0].response_s.mean'
}

@test "text on stdout, JSON where it is wanted, no database" {
    regret open.ini --json r.json
    [ "$status" -eq 0 ]
    [ -z "$stderr" ]
    [[ $output == "open   lru + rr(10s)   1h x 4 replications, seed 1 "* ]]
    [[ $output == *"best victims      belady_size + rr(10s) "*"s "*"["*"s, "*"s]"* ]]
    [[ $output == *"where the "*" s of a burst go"*"alone "*"queueing "*"rest "*"turns "*"memory "*"victims "* ]]
    [[ $output == *"Bound: no policy has a mean response of these bursts below "*"; regret "*" %."* ]]
    [ ! -e results.db ]
    jq -e '.replications == 4 and (.runs | length) == 6 and .runs[5].slicer == "srpt" and .runs[1].victim == "belady_size"
        and .runs[0].difference_s == 0 and (.runs | all(.response_mean_ci95 | length == 2))' r.json
    regret open.ini --json -
    [ "$output" = "$(cat r.json)" ]
}

@test "parts add up to the mean response, from the bound downwards" {
    for file in open closed; do
        regret "$file.ini" --json -
        jq -e '([.parts[].mean_s] | add) as $sum | ([.parts[].share] | add) as $all |
            ($sum / .runs[0].response_mean_s - 1 | fabs) < 1e-8 and ($all - 1 | fabs) < 1e-8' <<<"$output"
    done
    regret open.ini --json -
    jq -e '(.parts | map({(.name): .mean_s}) | add) as $p | .bounds.response_mean_s_lower as $low |
        ($p.alone + $p.queueing) / $low > 0.99999999 and ($p.alone + $p.queueing) / $low < 1.00000001
        and (.runs[0].response_mean_s / $low - 1 - .bounds.regret | fabs) < 1e-8' <<<"$output"
    jq -e '(.parts | map({(.name): .mean_s}) | add) as $p | [.runs[].response_mean_s] as $r |
        [$r[0] - $r[1] - $p.victims, $r[1] - $r[4] - $p.memory, $r[4] - $r[5] - $p.turns,
         $r[5] - .bounds.response_mean_s_lower - $p.rest] | all(fabs < 1e-7)' <<<"$output"
}

@test "runs are those of single commands" {
    regret open.ini --json -
    [ "$(jq '.runs[0].response_mean_s' <<<"$output")" = "$(mean open.ini)" ]
    [ "$(jq '.runs[1].response_mean_s' <<<"$output")" = "$(mean open.ini --set policy.victim=belady_size)" ]
    [ "$(jq '.runs[2].response_mean_s' <<<"$output")" = "$(mean open.ini --set policy.slicer=srpt)" ]
    [ "$(jq '.runs[3].response_mean_s' <<<"$output")" = \
        "$(mean open.ini --set policy.slicer=srpt --set policy.victim=belady_size)" ]
    [ "$(jq '.runs[4].response_mean_s' <<<"$output")" = \
        "$(mean open.ini --set node.gpu_memory=900GiB --set workload.S.state=gpu)" ]
    [ "$(jq '.bounds' <<<"$output")" = "$("$GPUSWAP_SIM" open.ini --quiet --db s.db --json - | jq .bounds)" ]
    [ "$(jq '.bounds' <<<"$output")" = "$("$GPUSWAP_SIM" report s.db --json - | jq .bounds)" ]
}

@test "settings on the command line stay with the policies that they are for" {
    regret open.ini --set policy.slicer.quantum=5s --seed 7 --json -
    [ "$status" -eq 0 ]
    [ "$(jq '.runs[0].response_mean_s' <<<"$output")" = "$(mean open.ini --set policy.slicer.quantum=5s --seed 7)" ]
}

@test "a closed loop has no bound, and says so" {
    regret closed.ini --json r.json
    [ "$status" -eq 0 ]
    [[ $output == *"No bound: some bursts wait for the end of others"* ]]
    [[ $output != *"rest "* ]]
    jq -e '.bounds.regret == null and .bounds.response_mean_s_lower == null and (.parts | length) == 5' r.json
    "$GPUSWAP_SIM" closed.ini --quiet --db s.db --json - | jq -e '.bounds.regret == null'
    run "$GPUSWAP_SIM" closed.ini --db s.db
    [[ $output != *Bound* ]]
}

@test "unended bursts are told of" {
    regret open.ini --set workload.S.count=16 --set node.swap_file=900GiB
    [ "$status" -eq 0 ]
    [[ $output == *"UNENDED  S "*"not every run ended the same bursts"* ]]
}

@test "the warm-up of the first run is that of all" {
    regret open.ini --set scenario.warmup=auto --set scenario.duration=6h --set policy.slicer=fcfs \
        --set "workload.S.start=uniform(0s,2h)" --set "workload.S.arrival=poisson(2.5/min)" \
        --set workload.S.memory=25GiB --json -
    [ "$status" -eq 0 ]
    jq -e '[.runs[].warmup_s] | length == 6 and .[0] > 0 and (unique | length == 1)' <<<"$output"
}

@test "what goes wrong" {
    fails 64 "which scenario?"
    fails 64 "one scenario at a time" open.ini closed.ini
    fails 64 "leave --db out" open.ini --db r.db
    fails 66 "none.ini" none.ini
    fails 65 "unknown key" open.ini --set node.colour=red
    run "$GPUSWAP_SIM" regret open.ini --replications 1
    [[ $output == "note: one replication"* ]]
    printf '[sla.S]\ngroup = S\nresponse_mean = 1ms\n' >>open.ini
    regret open.ini --assert --quiet
    [ "$status" -eq 1 ]
}
