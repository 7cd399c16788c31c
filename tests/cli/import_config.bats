#!/usr/bin/env bats
# import_config.bats - objects of a cluster to a scenario: what each says, what contradicts, what is refused; and it runs.

bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
    cluster=$GPUSWAP_ROOT/scenarios/cluster
}

# imports ARGUMENT...: into out.ini, what it says into said.
imports() {
    run --separate-stderr "$GPUSWAP_SIM" import-config "$@"
    [ "$status" -eq 0 ] || { echo "'$*' ended with $status: $stderr"; return 1; }
    printf '%s\n' "$output" >out.ini
    printf '%s\n' "$stderr" >said
}

# has LINE...: each stands in out.ini as a line of its own.
has() {
    for line; do
        grep -qxF -- "$line" out.ini || { echo "no '$line' in:"; cat out.ini; return 1; }
    done
}

# refuses CODE TEXT ARGUMENT...: nothing on stdout, TEXT in what it says.
refuses() {
    run --separate-stderr "$GPUSWAP_SIM" import-config "${@:3}"
    [ "$status" -eq "$1" ] || { echo "'${*:3}' ended with $status: $stderr"; return 1; }
    [[ $stderr == *"$2"* ]] || { echo "'${*:3}' said: $stderr"; return 1; }
    [ -z "$output" ]
}

runs() {
    "$GPUSWAP_SIM" run out.ini --set scenario.duration=20m --set scenario.replications=1 --quiet --json -
}

node() { # node NAME GPUS MIB EXTRA-LABELS
    printf -- '---\napiVersion: v1\nkind: Node\nmetadata:\n  name: %s\n  labels:\n    nvidia.com/gpu.count: "%s"\n' "$1" "$2"
    printf '    nvidia.com/gpu.memory: "%s"\n' "$3"
    printf '    %s\n' "${@:4}"
    printf 'status:\n  capacity:\n    nvidia.com/gpu: "%s"\n    memory: 1000Gi\n' "$2"
}

pod() { # pod NAME ANNOTATIONS [LIMIT]
    printf -- '---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: %s\n  annotations: {%s}\n' "$1" "$2"
    printf 'spec:\n  priorityClassName: build\n  containers:\n  - name: main\n'
    [ -z "${3-}" ] || printf '    env:\n    - {name: RUNAI_GPU_MEMORY_LIMIT, value: "%s"}\n' "$3"
}

config() { # config 'swap: {enabled: true}'...
    printf 'apiVersion: run.ai/v1\nkind: RunaiConfig\nmetadata: {name: runai}\nspec:\n  global:\n    core:\n'
    printf '      %s\n' "$@"
}

swapping='run.ai/swap-enabled: "true"'

@test "the example: a whole cluster, and the scenario runs" {
    imports "$cluster"/runaiconfig.yaml "$cluster"/nodes.yaml "$cluster"/pods.json
    has 'gpu_memory = 81559MiB' 'gpu_reserved = 2GiB' 'swap = yes' 'swap_file = 400GiB' 'transfer = overlapped' \
        'max_workloads_per_gpu = 1' 'swap = no' 'class = inference' 'limit = 0.95'
    grep -qx '\[node.h100\]' out.ini
    grep -q "RunaiConfig: spec.prometheus" out.ini said
    grep -q 'gpus_per_workload = 4' out.ini
    run ! grep -q "This version of gpuswap-sim does not run it" out.ini
    runs >whole.json
    jq -e '.groups | map(.workloads) | add == 12' whole.json
    jq -e '.gpus | length == 20' whole.json # 8, 4 and 4 for one pod, 4
}

@test "packed by their requests the same pods share fewer GPUs, and swap" {
    imports --assume node.placement=binpack "$cluster"/runaiconfig.yaml "$cluster"/nodes.yaml "$cluster"/pods.json
    runs >packed.json
    jq -e '[.gpus[].swap_in_bytes] | add > 0' packed.json
    jq -e '.gpus | length == 9' packed.json # 4 whole, 2 of dgx-01, 2 of dgx-02, 1 of infer-01
}

@test "each key of a runaiconfig" {
    { config 'swap: {enabled: true, limits: {cpuRam: 123Gi, reservedGpuRam: 3Gi}, biDirectional: {enabled: true}}' \
        'nodeScheduler: {enabled: true}' 'dynamicFractions: {enabled: true}'
      node a 2 40960 "$swapping"; } >c.yaml
    imports c.yaml
    has 'swap = yes' 'swap_file = 123GiB' 'gpu_reserved = 3GiB' 'transfer = overlapped' 'gpus = 2' 'gpu_memory = 40GiB'
    grep -q 'node_level_scheduler = yes' out.ini
    runs >/dev/null
    { config 'swap: {enabled: true}'; node a 2 40960 "$swapping"; node b 2 40960; } >d.yaml
    imports d.yaml
    has 'swap_file = 100GiB' 'gpu_reserved = 2GiB' 'transfer = serial' 'swap = no' 'gpu_reserved = 0'
    { config 'swap: {}'; node a 2 40960 "$swapping"; } >e.yaml
    imports e.yaml
    has 'swap = no'
    grep -q "while the runaiconfig does not enable swap" said
    { config 'timeSlicing: {mode: fair}'; node a 2 40960; } >f.yaml
    imports f.yaml
    has 'time_slicing = fair'
}

@test "a patch without a kind, and no node: what is assumed is told" {
    printf 'spec: \n global: \n   core: \n     swap:\n       enabled: true\n' >patch.yaml
    imports patch.yaml
    has '[node.assumed]' 'gpus = 8' 'gpu_memory = 80GiB' 'count = 24' 'swap = yes'
    grep -q '^;   node.gpu_memory .*80GiB' out.ini
    imports --assume node.gpus=2 --assume stand_in.per_gpu=5 --assume "notebook.think=exp(3m)" patch.yaml
    has 'gpus = 2' 'count = 10' 'think = exp(3m)'
    grep -q '^;   notebook.think .*(given)' out.ini
    runs >/dev/null
}

@test "node pools override the cluster, in the form of the API and as objects; --pool takes one" {
    config 'swap: {enabled: true, limits: {cpuRam: 50Gi}}' >c.yaml
    echo '{"nodepools": [{"name": "big", "labelKey": "room", "labelValue": "one", "gpuResourceOptimization":
        {"swapEnabled": true, "cpuSwapMemorySize": "200G", "reservedGpuMemoryForSwapOperations": "4G",
         "nodeLevelSchedulerEnabled": true}}]}' >p.json
    { node a 2 40960 'room: one'; node b 2 40960 'room: two'; } >n.yaml
    imports c.yaml p.json n.yaml
    has '[node.big]' 'swap_file = 200GB' 'gpu_reserved = 4GB' 'swap = no'
    imports --pool big c.yaml p.json n.yaml
    run ! grep -q 'swap = no' out.ini
    printf 'kind: NodePool\nmetadata: {name: big}\nspec: {gpuResourceOptimization: {swapEnabled: false}}\n' >q.yaml
    node a 2 40960 "$swapping" 'runai/node-pool: big' >n.yaml
    imports c.yaml q.yaml n.yaml
    has 'swap = no'
    imports c.yaml p.json
    has '[node.big]' 'swap_file = 200GB' 'gpus = 8'
    grep -q '; no Node was given' out.ini
    refuses 65 "no node belongs to the pool 'tiny'" --pool tiny c.yaml n.yaml
}

@test "dialects of asking for a GPU" {
    node a 4 40960 "$swapping" >n.yaml
    pod f 'gpu-fraction: "0.5"' 0.75 >p.yaml
    imports n.yaml p.yaml
    has 'memory = uniform(20GiB, 30GiB)' 'request = 0.5' 'limit = 0.75' 'fraction = dynamic' 'class = notebook'
    pod f 'gpu-fraction: "0.5"' >p.yaml
    imports n.yaml p.yaml
    has 'memory = 20GiB' 'limit = 0.5' 'fraction = regular'
    pod f 'gpu-memory: "10240"' 20Gi >p.yaml
    imports n.yaml p.yaml
    has 'memory = uniform(10GiB, 20GiB)' 'request = 0.25' 'limit = 0.5'
    imports --assume gpu_memory_unit=MB n.yaml p.yaml
    has 'request = 0.238418' # 10240e6 / 40 GiB
    pod f 'gpu-fraction: "0.5", gpu-fraction-num-devices: "2"' 1 >p.yaml
    imports n.yaml p.yaml
    has 'gpus_per_workload = 2' 'memory = uniform(40GiB, 76GiB)'
    pod f 'nvidia.com/container.main.gpu-memory.request: 10Gi, nvidia.com/container.main.gpu-memory.limit: 20Gi' >p.yaml
    imports n.yaml p.yaml
    has 'memory = uniform(10GiB, 20GiB)' 'fraction = dynamic'
    { pod f ''; printf '    resources: {limits: {nvidia.com/gpu: 1, nvidia.com/gpumem: 10240, nvidia.com/gpucores: 30}}\n'; } >p.yaml
    imports n.yaml p.yaml
    has 'memory = 10GiB' 'fraction = regular'
    grep -q "not simulated: .*gpucores" said
    { pod f ''; printf '    resources: {limits: {nvidia.com/gpu: 1, nvidia.com/gpumem-percentage: 25}}\n'; } >p.yaml
    imports n.yaml p.yaml
    has 'memory = 10GiB' 'request = 0.25'
    { pod f ''; printf '    resources: {limits: {nvidia.com/gpu: 1}}\n'; } >p.yaml
    imports n.yaml p.yaml
    has 'gpus = 3' 'max_workloads_per_gpu = 1' 'memory = 40GiB' 'swappable = no'
    runs | jq -e '.groups[0].completed > 0'
}

@test "who a pod is" {
    node a 4 40960 >n.yaml
    for row in 'train training' 'inference inference' 'build notebook' 'interactive-preemptible notebook'; do
        pod f 'gpu-fraction: "0.5"' | sed "s/: build/: ${row% *}/" >p.yaml
        imports n.yaml p.yaml
        has "class = ${row#* }"
    done
    has 'priority = 96'
    pod f 'gpu-fraction: "0.5"' | sed '/priorityClassName/d' >p.yaml
    imports n.yaml p.yaml
    has 'class = notebook'
    grep -q "pods whose class neither priority class, labels nor owner tell" said
    imports --assume class=training n.yaml p.yaml
    has 'class = training'
    pod f 'gpu-fraction: "0.5"' | sed 's/.*priorityClassName.*/  x: 1/; s/^  name: f/  name: f\n  labels: {run.ai\/workload-kind: InferenceWorkload}/' >p.yaml
    imports n.yaml p.yaml
    has 'class = inference'
    pod f 'gpu-fraction: "0.5"' | sed '/priorityClassName/d; s/^  name: f/  name: f\n  ownerReferences: [{kind: PyTorchJob}]/' >p.yaml
    imports n.yaml p.yaml
    has 'class = training'
}

@test "who keeps off nodes that swap cannot be swapped" {
    { node a 1 40960 "$swapping"; node b 1 40960; } >n.yaml
    for how in 'nodeSelector: {run.ai/swap-enabled: "false"}' \
        'affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: run.ai/swap-enabled, operator: NotIn, values: ["true"]}]}]}}}' \
        'affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: run.ai/swap-enabled, operator: DoesNotExist}]}]}}}' \
        'affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: run.ai/swap-enabled, labelSelector: {}}]}}'; do
        { pod f 'gpu-fraction: "0.5"'; printf '  %s\n' "$how"; } >p.yaml
        imports n.yaml p.yaml
        has 'swappable = no'
        runs >/dev/null
    done
    { pod f 'gpu-fraction: "0.5"'; printf '  nodeSelector: {run.ai/swap-enabled: "true"}\n'; } >p.yaml
    imports n.yaml p.yaml
    run ! grep -q '^swappable' out.ini
}

@test "like nodes and like pods are counted" {
    { for i in 1 2 3; do node "n$i" 2 40960; done; node odd 2 81920; } >n.yaml
    { for i in 1 2 3 4 5; do pod "p$i" 'gpu-fraction: "0.5"'; done; pod other 'gpu-fraction: "0.25"'; } >p.yaml
    imports n.yaml p.yaml
    has 'count = 3' 'count = 5' '; n1, n2, n3' '; p1, p2, p3 and 2 more'
}

@test "65: contradictions, with their places; --force goes on without those pods" {
    { config 'swap: {enabled: true}' 'timeSlicing: {mode: strict}'; node a 2 40960 "$swapping"; } >c.yaml
    refuses 65 "c.yaml:1: swap and timeSlicing.mode = strict exclude each other" c.yaml
    { config 'swap: {enabled: true}' 'dynamicFractions: {enabled: false}'; node a 2 40960 "$swapping"; } >c.yaml
    refuses 65 "swap is on but dynamicFractions are off" c.yaml
    { config 'swap: {enabled: true, limits: {cpuRam: 2Ti}}'; node a 2 40960 "$swapping"; } >c.yaml
    refuses 65 "does not fit into node 'a', which has 1000 GiB" c.yaml
    { config 'swap: {enabled: true, limits: {reservedGpuRam: 40Gi}}'; node a 2 40960 "$swapping"; } >c.yaml
    refuses 65 "leaves nothing of a GPU" c.yaml
    { config 'swap: {enabled: false}'; printf -- '---\nkind: NodePool\nmetadata: {name: x}\nspec: {gpuResourceOptimization: {swapEnabled: true}}\n'; } >c.yaml
    refuses 65 "node pool 'x' turns swap on, but" c.yaml
    node a 2 40960 >n.yaml
    pod f 'gpu-fraction: "0.5"' 0.25 >p.yaml
    refuses 65 "p.yaml:2: the limit 0.25 of pod 'f' is less than its request 0.5" n.yaml p.yaml
    pod f 'gpu-memory: "10240"' 5Gi >p.yaml
    refuses 65 "is less than its request, 10.0 GiB" n.yaml p.yaml
    pod f 'gpu-memory: "10240"' 0.5 >p.yaml
    refuses 65 "must be a quantity such as '40Gi', as its request is gpu-memory" n.yaml p.yaml
    pod f 'gpu-fraction: "0.5"' 20Gi >p.yaml
    refuses 65 "must be a fraction such as '0.95'" n.yaml p.yaml
    pod f 'gpu-fraction: "1.5"' >p.yaml
    refuses 65 "requests 1.5 of a GPU" n.yaml p.yaml
    pod f 'gpu-memory: "50000"' >p.yaml
    refuses 65 "none shows it more than 40.0 GiB" n.yaml p.yaml
    pod f 'gpu-fraction: "0.5", gpu-fraction-num-devices: "3"' >p.yaml
    refuses 65 "requests 3 GPUs, but no node has more than 2" n.yaml p.yaml
    pod f 'gpu-fraction: "0.5", gpu-memory: "100"' >p.yaml
    refuses 65 "has both gpu-fraction and gpu-memory" n.yaml p.yaml
    { pod f 'gpu-fraction: "1.5"'; pod g 'gpu-fraction: "0.5"'; } >p.yaml
    imports --force n.yaml p.yaml
    has '; g'
    grep -q "^contradiction: .*requests 1.5 of a GPU" said
    grep -q "requests 1.5 of a GPU" out.ini
    refuses 65 "a second node 'a'" n.yaml n.yaml
}

@test "65: values that are none, all told together" {
    { config 'swap: {enabled: yes, limits: {cpuRam: 1Xi, reservedGpuRam: [2]}}' 'timeSlicing: {mode: odd}'
      node a 2 x; pod f 'gpu-fraction: half'; pod g 'gpu-memory: "-1"'; } >c.yaml
    refuses 65 "'swap/enabled' must be true or false, but is yes" c.yaml
    refuses 65 "c.yaml:7: 'swap/limits/cpuRam': 'Xi' after a quantity" c.yaml
    refuses 65 "but is a list" c.yaml
    refuses 65 "'timeSlicing.mode' must be timesharing, strict or fair, but is odd" c.yaml
    refuses 65 "'nvidia.com/gpu.memory' must be a whole number" c.yaml
    refuses 65 "'gpu-fraction' of pod 'f'" c.yaml
    refuses 65 "'gpu-memory' of pod 'g': '-1' is negative" c.yaml
}

@test "warnings: an unknown version, swap without a label, what is not understood" {
    { config 'swap: {enabled: true, mode: mapped, tier: gold}' | sed 's/v1/v7/'; node a 2 40960
      pod f 'gpu-fraction: "0.5", nvidia.com/odd: x' 1.0; printf '    - {name: CUDA_ODD, value: "1"}\n'
      printf -- '---\nkind: ConfigMap\ndata: {a: b}\n'; } >c.yaml
    imports c.yaml
    grep -q "runaiconfig of version 'run.ai/v7'" said
    grep -q "no node has the label run.ai/swap-enabled=true" said
    grep -q "not simulated: .*swap.mode = mapped" said
    grep -q "passed over: .*RunaiConfig: spec.global.core.swap.tier" said
    grep -q "passed over: .*Pod: metadata.annotations.nvidia.com/odd" said
    grep -q "passed over: .*Pod: environment variable CUDA_ODD" said
    grep -q "passed over: .*objects of kind ConfigMap" said
    imports --quiet c.yaml
    [ ! -s said ] || [ "$(cat said)" = "" ]
    grep -q "RunaiConfig: spec.global.core.swap.tier" out.ini
}

@test "64, 66: the command line, and files that are not there" {
    refuses 64 "which files?"
    refuses 64 "nothing is called 'notebook.thnk'; did you mean 'notebook.think'?" --assume notebook.thnk=1s x.yaml
    refuses 64 "it must read NAME=VALUE" --assume notebook.think x.yaml
    refuses 66 "'none.yaml' cannot be opened" none.yaml
    run "$GPUSWAP_SIM" import-config --assumptions
    [ "$status" -eq 0 ]
    [[ $output == *"notebook.think"* ]]
    printf 'kind: Pod\n' >a.yaml
    node a 1 40960 >n.yaml
    run bash -c "cat n.yaml | '$GPUSWAP_SIM' import-config -"
    [ "$status" -eq 0 ]
}

@test "65: files that are hostile, in little memory and time" {
    : >empty.yaml
    refuses 65 "no object in it" empty.yaml
    printf 'a: &a [x,x]\nb: [*a,*a]\n' >bomb.yaml
    refuses 65 "bomb.yaml:2: aliases" bomb.yaml
    printf 'kind: Pod\nmetadata: {name: \0}\n' >nul.yaml
    refuses 65 "nul.yaml:2: no text" nul.yaml
    printf 'kind: Pod\nkind: Node\n' >twice.yaml
    refuses 65 "twice.yaml:2: the key 'kind' stands in line 1 already" twice.yaml
    head -c 3000 "$cluster"/pods.json >cut.json
    refuses 65 "cut.json:" cut.json
    { printf 'a: "'; head -c 100000000 /dev/zero | tr '\0' x; } >long.yaml
    head -c 1000000 /dev/zero | tr '\0' '[' >deep.yaml
    if [[ $GPUSWAP_SIM != *asan* ]]; then
        ulimit -v 400000
    fi
    refuses 65 "a single value or comment of more than 512 KiB" long.yaml
    refuses 65 "deep.yaml:1:" deep.yaml
}

@test "what a name holds cannot become a line of the scenario" {
    node a 1 40960 >n.yaml
    { pod f 'gpu-fraction: "0.5"' | sed 's/name: f/name: "x\\n[node.evil]\\ngpus = 9"/'; } >p.yaml
    imports n.yaml p.yaml
    run ! grep -q '^\[node.evil\]' out.ini
    has '; x?[node.evil]?gpus = 9'
    runs >/dev/null
}

@test "pods are kept to the nodes of their pool, and to those with the labels that they select" {
    config 'swap: {enabled: true}' >c.yaml
    { node a 2 40960 "$swapping" 'runai/node-pool: big' 'room: one'; node b 2 40960 "$swapping" 'runai/node-pool: small'; } >n.yaml
    {
        pod everywhere 'gpu-fraction: "0.3"' 1
        pod kept 'gpu-fraction: "0.4", runai/node-pool: small' 1
        pod choosy 'gpu-fraction: "0.5"' 1
        printf '  nodeSelector: {room: one}\n'
    } >p.yaml
    imports c.yaml n.yaml p.yaml
    [ "$(grep -c '^nodes' out.ini)" -eq 2 ]
    has 'nodes = small' 'nodes = big'
    run ! grep -q 'which nodes a pod may run on' out.ini
    runs | jq -e '.groups | length == 3 and all(.refused == 0)' >/dev/null
    # nodes that were alike are not where somebody tells them apart
    { node a 2 40960 "$swapping" 'disk: ssd'; node b 2 40960 "$swapping" 'disk: hdd'; } >n.yaml
    { pod quick 'gpu-fraction: "0.3"' 1; printf '  nodeSelector: {disk: ssd}\n'; } >p.yaml
    imports c.yaml n.yaml p.yaml
    [ "$(grep -c '^\[node' out.ini)" -eq 2 ]
    has 'nodes = nodes'
    { pod any 'gpu-fraction: "0.3"' 1; } >p.yaml
    imports c.yaml n.yaml p.yaml
    [ "$(grep -c '^\[node' out.ini)" -eq 1 ]
    { pod lost 'gpu-fraction: "0.3"' 1; printf '  nodeSelector: {disk: tape}\n'; } >p.yaml
    refuses 65 "'lost' selects nodes by labels that none" c.yaml n.yaml p.yaml
    { pod swapper 'gpu-fraction: "0.3"' 1; printf '  nodeSelector: {run.ai/swap-enabled: "true"}\n'; } >p.yaml
    { node a 2 40960 "$swapping"; node b 2 40960; } >n.yaml
    imports c.yaml n.yaml p.yaml
    has 'nodes = nodes' 'swap = no'
}
