#!/usr/bin/env bats
# pools.bats - workloads kept to node pools, from recorded pods that say which GPUs they accept; and the key as it is swept and set.

bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
}

# pod-1 accepts V100s and has 250 s of work, pod-5 eight T4s and 10 s; pod-0 anything.
@test "pods of openb on the models of GPU that they accept" {
    cat >pods.ini <<END_OF_SCENARIO
[scenario]
duration = 5000s
[node.v100]
gpu_memory = 16GiB
[node.t4]
gpus = 8
gpu_memory = 16GiB
[node.other]
gpu_memory = 16GiB
[trace.pods]
file = $GPUSWAP_ROOT/tests/data/pods-openb.csv
memory = 4GiB
nodes = V100M16_V100M32:v100 T4:t4 other
END_OF_SCENARIO
    "$GPUSWAP_SIM" run pods.ini --db x.db --quiet --json a.json
    jq -e '.groups[0].refused == 0' a.json
    jq -e '[.gpus[].useful * 5000 | round] | .[0] == 250 and .[1:9] == [10, 10, 10, 10, 10, 10, 10, 10] and .[9] > 20' a.json
    # without the T4s nobody takes the eight
    "$GPUSWAP_SIM" run pods.ini --db x.db --quiet --json b.json --set 'trace.pods.nodes=V100M16_V100M32:v100 T4:v100 other'
    jq -e '.groups[0].refused == 1' b.json
}

@test "a list of nodes is one value of a sweep" {
    cat >a.ini <<'END_OF_SCENARIO'
[scenario]
duration = 10m
[node.a]
gpu_memory = 40GiB
[node.b]
gpu_memory = 40GiB
[workload.N]
class = notebook
count = 4
memory = 20GiB
think = 20s
burst = 5s
nodes = a
[sweep]
workload.N.nodes = a, a b
END_OF_SCENARIO
    "$GPUSWAP_SIM" sweep a.ini --db s.db --quiet
    [ "$(sqlite3 s.db 'SELECT COUNT(*) FROM run')" -eq 2 ]
    run --separate-stderr "$GPUSWAP_SIM" run a.ini --db x.db --set workload.N.nodes=c
    [ "$status" -eq 65 ]
    [[ $stderr == *"there is no [node.c]"* ]]
}
