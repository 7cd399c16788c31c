#!/usr/bin/env bats
# doctor.bats - what the program says of this machine: with and without a driver, with GPUs that serve and that do not.

bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
    double=$(dirname "$GPUSWAP_SIM")/double
    unset GPUSWAP_LIBNVML GPUSWAP_DOUBLE
    export GPUSWAP_LIBCUDA=/nonexistent/libcuda.so.1
}

# with_double [OPTION...]: the driver double, as it is told to be.
with_double() {
    [ -e "$double/libcuda.so.1" ] || skip "built without the CUDA headers"
    export GPUSWAP_LIBCUDA=$double/libcuda.so.1 GPUSWAP_LIBNVML=$double/libnvidia-ml.so.1
    export GPUSWAP_DOUBLE="ledger=$PWD/ledger $*"
}

# says TEXT: a line of the output begins so.
says() {
    [[ $'\n'$output == *$'\n'"$1"* ]] || { echo "no line '$1' in: $output"; return 1; }
}

@test "without a driver: simulations work, and it says what live mode lacks" {
    run --separate-stderr "$GPUSWAP_SIM" doctor
    [ "$status" -eq 0 ]
    [ -z "$stderr" ]
    says "For simulations"
    says "  ok       processors  "
    says "For live mode on a GPU"
    says "  missing  "
    run --separate-stderr "$GPUSWAP_SIM" doctor --live
    [ "$status" -eq 69 ]
    [[ $stderr == "gpuswap-sim: live mode lacks 1 thing on this machine"* ]]
    "$GPUSWAP_SIM" doctor --live >both.txt 2>&1 || true     # 'above' is above
    [[ $(tail -n 1 both.txt) == "gpuswap-sim: live mode lacks 1 thing"* ]]
}

@test "with a driver: version, GPUs, who else is there" {
    with_double gpus=2 memory=1GiB driver=12040
    run --separate-stderr "$GPUSWAP_SIM" doctor --live
    [ "$status" -eq 0 ]
    says "  ok       driver      knows CUDA 12.4"
    says "  note     checkpoint  the driver cannot take other processes off a GPU; driver 570 and newer can"
    says "  ok       GPU 0       gpuswap driver double (no GPU), FFFF:00:00.0, 1.00 GiB"
    says "  ok       GPU 1       "
    says "For recording a node"
    says "  ok       NVML        driver 0.0-double"
    says "  ok       GPU 1       nobody is on it; 0 B in use"
}

@test "settings of GPUs, and who is on them" {
    with_double real_clock=yes persistence=no memory=64MiB granularity=1MiB
    "$(dirname "$GPUSWAP_SIM")/tests/cuda_load" 4 0 0 0 0 3000 >out 3>&- &
    until [ -s out ]; do sleep 0.05; done
    run --separate-stderr "$GPUSWAP_SIM" doctor
    says "  note     GPU 0       persistence mode is off: "
    says "  note     GPU 0       1 process on it, 6.00 MiB in use: cuda_load $!; live runs want it alone"
    mkdir -p proc
    run --separate-stderr "$GPUSWAP_SIM" doctor --root .
    says "  note     GPU 0       1 process on it, 6.00 MiB in use: process $!; live runs want it alone"
    says "  note     GPU 0       1 of them is not to be seen in /proc: to record, run on the host"
    with_double mig=yes
    run --separate-stderr "$GPUSWAP_SIM" doctor
    says "  note     GPU 0       parted (MIG): recorded is memory, not use"
    with_double "fault=nvmlDeviceGetComputeRunningProcesses_v3#1=4"
    run --separate-stderr "$GPUSWAP_SIM" doctor
    says "  note     GPU 0       its processes: not permitted to this user"
    kill $!
}

@test "drivers that do not serve" {
    with_double driver=10020
    run --separate-stderr "$GPUSWAP_SIM" doctor --live
    [ "$status" -eq 69 ]
    says "  missing  driver      the NVIDIA driver knows CUDA 10.2 and must know 11.4; install driver 470 or newer"
    with_double "fault=cuInit#1=100"
    run --separate-stderr "$GPUSWAP_SIM" doctor --live
    [ "$status" -eq 69 ]
    says "  missing  driver      the NVIDIA driver finds no GPU"
    with_double speed=1
    run --separate-stderr "$GPUSWAP_SIM" doctor --live
    [ "$status" -eq 69 ]
}

@test "memory, control groups and NUMA nodes of the machine" {
    mkdir -p proc/self sys/fs/cgroup sys/devices/system/node/node{0,1} sys/bus/pci/devices/ffff:00:00.0
    printf 'MemTotal: 16777216 kB\nMemAvailable: 8388608 kB\n' >proc/meminfo
    echo '0::/' >proc/self/cgroup
    echo 4294967296 >sys/fs/cgroup/memory.max
    echo 1073741824 >sys/fs/cgroup/memory.current
    for node in 0 1; do
        echo "Node $node MemTotal: 8388608 kB" >"sys/devices/system/node/node$node/meminfo"
    done
    echo 1 >sys/bus/pci/devices/ffff:00:00.0/numa_node
    run "$GPUSWAP_SIM" doctor --root .
    says "  ok       memory      3.00 GiB free"
    says "  ok       swap file   room for at most 3.00 GiB; this group of processes (cgroup) is limited to 4.00 GiB"
    with_double
    run "$GPUSWAP_SIM" doctor --root .
    says "  ok       GPU 0       hangs on NUMA node 1 of 2"
}

@test "gnuplot is told of" {
    run env PATH=/nonexistent "$GPUSWAP_SIM" doctor
    says "  note     gnuplot     not in PATH"
}

@test "live backends are listed, and are for 'live' alone" {
    run "$GPUSWAP_SIM" backends
    [ "$status" -eq 0 ]
    says "sim      works here"
    says "cuda     does not run"
    if [ -e "$(dirname "$GPUSWAP_SIM")/double/libcuda.so.1" ]; then
        says "double   works here"
    else
        says "double   does not run"
    fi
    printf '[scenario]\nduration = 1m\n[node]\ngpu_memory = 80GiB\n[workload.A]\nclass = notebook\nmemory = 1MiB\nthink = 1s\nburst = 1s\n' >a.ini
    for backend in cuda double; do
        run --separate-stderr "$GPUSWAP_SIM" a.ini --backend "$backend"
        [ "$status" -eq 64 ] || [[ $stderr == "gpuswap-sim: the backend '$backend' does not run here: "* ]]
    done
}

@test "the version tells what it was built with" {
    run "$GPUSWAP_SIM" --version
    says "gpuswap-sim 0."
    says "built with"
}
