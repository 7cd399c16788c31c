#!/usr/bin/env bats
# advise.bats - recommended settings, against what can be worked out by hand.

bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
}

# Six notebooks of 30 GiB on a GPU for two: four of them must find room, 120 GiB; the search has steps of a 64th of the peak.
@test "swap file and count of the quickstart" {
    run --separate-stderr "$GPUSWAP_SIM" advise "$GPUSWAP_ROOT"/scenarios/quickstart.ini --json -
    [ "$status" -eq 0 ]
    jq -e '.nodes[0] | .least_bytes >= 120 * 1073741824 and .least_bytes < 120 * 1073741824 + .peak_bytes / 64 + 1' <<<"$output"
    jq -e '.nodes[0] | .swap_file_bytes == 150 * 1073741824 and .gpu_reserved_bytes == 2 * 1073741824' <<<"$output"
    jq -e '.workloads_per_gpu | .group == "NB" and .count == 5 and .answer == 5 and (.open | not)' <<<"$output"
    jq -e '.patch.spec.global.core.swap | .enabled and .limits.cpuRam == "150Gi" and .limits.reservedGpuRam == "2Gi"' <<<"$output"
}

# One search for all: nodes with names of their own, too.
@test "the count, its confidence and its reason are those of capacity" {
    sed 's/^\[node\]/[node.A]/' "$GPUSWAP_ROOT"/scenarios/quickstart.ini >named.ini
    grep -q '^\[node.A\]' named.ini
    "$GPUSWAP_SIM" advise named.ini --quiet --json a.json
    "$GPUSWAP_SIM" capacity named.ini --set node.A.swap_file=1048576GiB --vary workload.NB.count=1..24 --quiet --json c.json
    jq -S '.workloads_per_gpu | [.count, .confidence, .says, .binding]' a.json >a.txt
    jq -S '[.answer, .confidence, .says, .binding]' c.json | diff a.txt -
    [[ $("$GPUSWAP_SIM" advise named.ini --quiet --json - | jq -r .workloads_per_gpu.says) == "5 notebooks (95 % confidence); 6 misses"* ]]
}

# What it says can be fed back: the patch is an object that import-config reads.
@test "the patch comes back as a scenario with these settings" {
    "$GPUSWAP_SIM" advise "$GPUSWAP_ROOT"/scenarios/quickstart.ini --quiet --json a.json
    jq .patch a.json >patch.json
    "$GPUSWAP_SIM" import-config --quiet patch.json >back.ini
    grep -x 'swap_file = 150GiB' back.ini
    grep -x 'gpu_reserved = 2GiB' back.ini
}

@test "the least file does, and a step less does not" {
    "$GPUSWAP_SIM" advise "$GPUSWAP_ROOT"/scenarios/quickstart.ini --quiet --json a.json
    least=$(jq '.nodes[0].least_bytes' a.json)
    less=$(jq '.nodes[0] | .least_bytes - .peak_bytes / 64 | floor' a.json)
    "$GPUSWAP_SIM" run "$GPUSWAP_ROOT"/scenarios/quickstart.ini --db x.db --json - --set "node.swap_file=${least}B" >least.json
    "$GPUSWAP_SIM" run "$GPUSWAP_ROOT"/scenarios/quickstart.ini --db x.db --json - --set "node.swap_file=${less}B" >less.json
    jq -e '.swap_files[0].refused_bytes == 0 or .groups[0].stall_s.cap == 0' least.json
    jq -e '.groups[0].stuck > 0 or .groups[0].stall_s.cap > 0' less.json
}

@test "reserve by contexts, pools, and nothing to swap" {
    cat >a.ini <<'END_OF_SCENARIO'
[scenario]
duration = 1h
replications = 3
[node.A]
gpus = 2
gpu_memory = 80GiB
[workload.NB]
class = notebook
count = 6
context = 900MiB
memory = 10GiB
think = exp(60s)
burst = exp(5s)
[workload.R]
class = notebook
fraction = regular
count = 2
memory = 5GiB
think = exp(60s)
burst = exp(5s)
END_OF_SCENARIO
    run --separate-stderr "$GPUSWAP_SIM" advise a.ini
    [ "$status" -eq 0 ]
    [[ $output == *"swap file, A: nothing was swapped"* ]]
    [[ $output == *"reserve, A: 4 GiB a GPU; by the product's draft it would be 4 GiB"* ]] # 4 a GPU, 3600 MiB
    [[ $output == *"the scenario promises nothing"* ]]
    [[ $output == *"give [workload.R] nodes without swap"* ]]
    [[ $output != *"kubectl patch"* ]]
}

@test "a promise that not even one keeps, and one that all do" {
    run "$GPUSWAP_SIM" advise "$GPUSWAP_ROOT"/scenarios/quickstart.ini --set sla.NB.response_p95=1s --replications 2 --quiet --json -
    jq -e '.workloads_per_gpu | .count == 0 and .answer == 0' <<<"$output"
    run "$GPUSWAP_SIM" advise "$GPUSWAP_ROOT"/scenarios/quickstart.ini --set sla.NB.response_p95=10d --set workload.NB.count=2 --set scenario.duration=1h --replications 2 --quiet --json -
    jq -e '.workloads_per_gpu | .count == 8 and .open' <<<"$output"
}

@test "of a run in a database: its scenario, as it was set" {
    "$GPUSWAP_SIM" run "$GPUSWAP_ROOT"/scenarios/quickstart.ini --quiet --set scenario.replications=2 --set workload.NB.memory=25GiB --db x.db
    "$GPUSWAP_SIM" run "$GPUSWAP_ROOT"/scenarios/hello.ini --quiet --db x.db
    "$GPUSWAP_SIM" advise x.db --run 1 --quiet --json a.json
    "$GPUSWAP_SIM" advise "$GPUSWAP_ROOT"/scenarios/quickstart.ini --set scenario.replications=2 --set workload.NB.memory=25GiB --quiet --json b.json
    cmp a.json b.json
    run --separate-stderr "$GPUSWAP_SIM" advise x.db
    [[ $output == "hello: "* ]]
    run "$GPUSWAP_SIM" advise x.db --run 7
    [ "$status" -eq 65 ]
    [[ $output == *"has no such run"* ]]
    run "$GPUSWAP_SIM" advise none.db
    [ "$status" -eq 66 ]
}

@test "64: what it does not take" {
    run "$GPUSWAP_SIM" advise "$GPUSWAP_ROOT"/scenarios/hello.ini --run 0
    [ "$status" -eq 64 ]
    run "$GPUSWAP_SIM" advise a.ini --db x.db
    [ "$status" -eq 64 ]
    run "$GPUSWAP_SIM" advise
    [ "$status" -eq 64 ]
}

# Four models of 35 GiB, two on a GPU of 78 GiB: two of the four nodes of one GPU.  There each request takes what it takes alone.
@test "a pool without swap for models that are swapped too much: how many nodes, and what it does" {
    cat >a.ini <<'END_OF_SCENARIO'
[scenario]
duration = 2h
replications = 3
[node.A]
count = 4
gpu_memory = 80GiB
swap_file = 300GiB
[workload.NB]
class = notebook
count = 8
memory = 30GiB
think = exp(60s)
burst = exp(5s)
[workload.I]
class = inference
count = 4
memory = 35GiB
arrival = schedule(10m 20m 30m 40m 50m 60m 70m 80m)
service = 300ms
END_OF_SCENARIO
    "$GPUSWAP_SIM" advise a.ini --json a.json >a.txt
    jq -e '.split | .node == "A" and .nodes == 2 and .of == 4 and .refused == 0' a.json
    jq -e '.split.groups[1] | .group == "I" and .response_p95_s > 1 and .response_p95_split_s < 0.7' a.json
    grep -F '2 of the 4 nodes of [node.A] as [node.A-plain] with swap = no, and nodes = A-plain' a.txt
    # the same by hand
    sed 's/^count = 4$/count = 2/; s/^class = notebook/&\nnodes = A/; s/^class = inference/&\nnodes = A-plain\nstate = gpu/' a.ini >b.ini
    sed -i '/^\[workload.I\]/,$ s/^count = 2/count = 4/' b.ini
    printf '[node.A-plain]\ncount = 2\ngpu_memory = 80GiB\nswap = no\n' >>b.ini
    "$GPUSWAP_SIM" run b.ini --db x.db --json b.json --set node.A.swap_file=1000TiB
    for i in 0 1; do
        [ "$(jq ".split.groups[$i].response_p95_split_s" a.json)" = "$(jq ".groups[$i].response_s.p95" b.json)" ]
    done
}
