#!/usr/bin/env bats
# calibrate.bats - measuring the driver double: what it was told to be comes out, and cannot be taken for a GPU's.

bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
    unset GPUSWAP_LIBCUDA GPUSWAP_LIBNVML GPUSWAP_DOUBLE
}

teardown() {
    [ -z "${holder:-}" ] || kill -9 "$holder" || true
}

# with_double [OPTION...]: the driver double, as it is told to be.
with_double() {
    [ -e "$(dirname "$GPUSWAP_SIM")/double/libcuda.so.1" ] || skip "built without the CUDA headers"
    export GPUSWAP_DOUBLE="granularity=256KiB $*"
}

# near VALUE TRUTH: within 1 %.
near() {
    awk -v a="$1" -v b="$2" 'BEGIN { exit !(a >= 0.99 * b && a <= 1.01 * b) }' || { echo "$1 is not near $2"; return 1; }
}

sql() {
    sqlite3 results.db "$1"
}

@test "the links of the double, its latency, its duplex" {
    with_double memory=32MiB in=12GB/s out=9GB/s pageable=3GB/s duplex=0.6 latency=30us
    run --separate-stderr "$GPUSWAP_SIM" calibrate --device double -o node.ini
    [ "$status" -eq 0 ]
    [ -z "$stderr" ]
    [[ $output == "double:0   gpuswap driver double (no GPU), 32.0 MiB"*"THE DRIVER DOUBLE, NO GPU"* ]]
    near "$(sql "SELECT per_s FROM fit WHERE kind = 'copy_in'")" 12e9
    near "$(sql "SELECT per_s FROM fit WHERE kind = 'copy_out'")" 9e9
    near "$(sql "SELECT per_s FROM fit WHERE kind = 'copy_in_pageable'")" 3e9
    near "$(sql "SELECT fixed_ns FROM fit WHERE kind = 'copy_in'")" 30000
    near "$(sql "SELECT duplex FROM calibration")" 0.6
    [ "$(sql "SELECT provenance, device, chunk_bytes FROM calibration")" = "double|double:0|1048576" ]
    [ "$(sql "SELECT min(n) FROM meas WHERE kind = 'unmap'")" -ge 50 ]
    [ "$(sql "SELECT count(*) FROM sample")" = "$(sql "SELECT sum(n) FROM meas")" ]
    [ "$(sql "SELECT node FROM calibration")" = "$(cat node.ini)" ]
}

@test "a [node] of the double is refused where nobody asked for it" {
    with_double memory=32MiB
    "$GPUSWAP_SIM" calibrate --device double -o node.ini --quiet
    grep -q '^; provenance: double$' node.ini
    grep -q '^calibrated = double$' node.ini
    cat >load.ini <<'END'
include = node.ini
[scenario]
duration = 10m
[node]
gpu_reserved = 0
swap_file = 1GiB
[workload.NB]
class = notebook
count = 3
memory = 16MiB
think = exp(10s)
burst = exp(1s)
END
    run --separate-stderr "$GPUSWAP_SIM" load.ini
    [ "$status" -eq 65 ]
    [[ $stderr == *"node.ini:"*"these figures are the driver double's and of no GPU"*"--allow-synthetic"* ]]
    for command in "compare --policy victim=lru --policy victim=mru" "capacity --vary workload.NB.count"; do
        # shellcheck disable=SC2086
        run --separate-stderr "$GPUSWAP_SIM" $command load.ini
        [ "$status" -eq 65 ]
        [[ $stderr == *"these figures are the driver double's and of no GPU"* ]]
    done
    "$GPUSWAP_SIM" load.ini --allow-synthetic --quiet
    [ "$(sql "SELECT keys LIKE '%node.calibrated = double%' FROM run")" = 1 ]
    sed -i 's/^calibrated = double/calibrated = cuda/' node.ini
    "$GPUSWAP_SIM" load.ini --quiet
}

@test "on standard output the [node] alone" {
    with_double memory=32MiB
    run --separate-stderr "$GPUSWAP_SIM" calibrate --device double -o - --chunk 512KiB
    [ "$status" -eq 0 ]
    [[ $output == "; A node as measured: "* ]]
    [[ $output == *$'\nchunk = 512KiB\n'* ]]
}

@test "who is no GPU is not measured as one, and the other way round" {
    run --separate-stderr env GPUSWAP_LIBCUDA=/nonexistent/libcuda.so.1 "$GPUSWAP_SIM" calibrate
    [ "$status" -eq 69 ]
    [ ! -e results.db ]
    with_double
    run --separate-stderr env GPUSWAP_LIBCUDA="$(dirname "$GPUSWAP_SIM")/double/libcuda.so.1" "$GPUSWAP_SIM" calibrate
    [ "$status" -eq 69 ]
    [[ $stderr == *"is the driver double and no GPU; say '--device double'" ]]
    run --separate-stderr "$GPUSWAP_SIM" calibrate --device double:1
    [ "$status" -eq 69 ]
    [[ $stderr == *"there is no GPU 1; the driver shows 1, counted from 0" ]]
    run --separate-stderr "$GPUSWAP_SIM" calibrate --device gpu
    [ "$status" -eq 64 ]
}

@test "a GPU that hangs is not waited for without end" {
    with_double memory=32MiB fault=cuMemcpyHtoDAsync#200=hang
    run --separate-stderr "$GPUSWAP_SIM" calibrate --device double
    [ "$status" -eq 74 ]
    [[ $stderr == "gpuswap-sim: GPU 0 ("*"): a copy has not ended for 30 s: it hangs; see what 'dmesg' says"* ]]
    [ ! -e results.db ]
    # a call that does not come back: its bound is five minutes of the machine's clock, here come at once
    GPUSWAP_DOUBLE="$GPUSWAP_DOUBLE real_clock=yes fault=cuMemcpyHtoD#1=hang" \
        "$GPUSWAP_SIM" calibrate --device double -o node.ini 2>err 3>&- &
    holder=$!
    until [ $((0x$(sed -n 's/^SigCgt:\t//p' "/proc/$holder/status") & 0x2000)) -ne 0 ]; do sleep 0.05; done
    kill -ALRM "$holder"
    code=0
    wait "$holder" || code=$?
    holder=
    [ "$code" -eq 74 ]
    [ ! -e node.ini ]
    grep -q '^gpuswap-sim: the driver has not come back from a call for 300 s: the GPU hangs' err
}

@test "a database that cannot be written is found out before anything is measured" {
    with_double memory=32MiB fault=cuInit#1+=100
    echo "no database, but long enough to look like one" >plain
    for place in "none/r.db:No such file" "plain/r.db:Not a directory" ".:Is a directory" "plain:is not a SQLite database"; do
        run --separate-stderr "$GPUSWAP_SIM" calibrate --device double --db "${place%%:*}"
        [ "$status" -eq 73 ]
        [[ $stderr == *"${place#*:}"* ]]
    done
    [ ! -e results.db ]
}

@test "on a terminal it tells what it measures, sample by sample, and takes it away" {
    command -v script || skip "no script(1)"
    with_double memory=32MiB
    script -qec "'$GPUSWAP_SIM' calibrate --device double" /dev/null >typed
    for line in 'contexts: init, sample 3' 'copies: copy_in of 1.00 MiB, sample 5' 'kernels: busy of 16.0 ms, sample 5' \
        'whole swaps: swap_both of'; do
        grep -q "measuring $line" typed
    done
    tr '\r' '\n' <typed | grep -A 1 measuring | tail -n 1 | grep -q $'^\033\[Kdouble:0   '
    script -qec "'$GPUSWAP_SIM' calibrate --device double --quiet" /dev/null >typed
    [ ! -s typed ]
}

@test "of a GPU that returns wrong bytes nothing is kept" {
    with_double memory=32MiB fault=cuMemcpyDtoHAsync#200+=spoil
    run --separate-stderr "$GPUSWAP_SIM" calibrate --device double -o node.ini
    [ "$status" -eq 74 ]
    [[ $stderr == *"arrived changed; nothing measured on this GPU can be trusted, and nothing is kept" ]]
    [ ! -e results.db ]
    [ ! -s node.ini ]
}

@test "a GPU that others use is left alone, unless it is forced" {
    with_double memory=64MiB "ledger=$PWD/ledger"
    # somebody whose first copy never ends; forced, as a try below may be on the GPU before him
    GPUSWAP_DOUBLE="$GPUSWAP_DOUBLE real_clock=yes fault=cuMemcpyHtoDAsync#1=hang" \
        "$GPUSWAP_SIM" calibrate --device double --force --db other.db 3>&- &
    holder=$!
    for _ in $(seq 200); do
        run "$GPUSWAP_SIM" calibrate --device double --quiet
        [ "$status" -ne 75 ] || break
        sleep 0.05
    done
    [ "$status" -eq 75 ]
    [[ $output == *"1 other process uses GPU 0"*"or say --force" ]]
    run --separate-stderr "$GPUSWAP_SIM" calibrate --device double --force
    [ "$status" -eq 0 ]
    [[ $output == *"1 other process used the GPU meanwhile"* ]]
}
