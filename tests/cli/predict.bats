#!/usr/bin/env bats
# predict.bats - live runs on the driver double beside simulations of them, on a node that calibrate measured: mean and
# p95 within 1 %.  The double and the simulated node have nothing in common but the scenario.

bats_require_minimum_version 1.5.0

double="memory=10MiB context=1MiB granularity=256KiB in=5MB/s out=4MB/s duplex=0.8"

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
    unset GPUSWAP_LIBCUDA GPUSWAP_LIBNVML GPUSWAP_DOUBLE
}

needs_double() {
    [ -e "$(dirname "$GPUSWAP_SIM")/double/libcuda.so.1" ] || skip "built without the CUDA headers"
}

calibrate() {
    GPUSWAP_DOUBLE="$*" "$GPUSWAP_SIM" calibrate --device double --chunk 256KiB --quiet
}

# node TRANSFER: links as the double's.
node() {
    printf '%s\n' "[node]" "gpu_memory = 8MiB" "gpu_reserved = 0B" "chunk = 256KiB" "h2d = 5MB/s" "d2h = 4MB/s" \
        "duplex = 0.8" "transfer = $1"
}

notebooks() {   # notebooks MEMORY THINK BURST
    printf '%s\n' "[workload.NB]" "class = notebook" "count = 3" "memory = $1" "think = exp($2)" "burst = exp($3)"
}

live() {
    "$GPUSWAP_SIM" live "$1" --device double --quiet "${@:2}" 2>/dev/null
}

error_of() {    # error_of METRIC
    jq -r --arg metric "$1" '.metrics[] | select(.metric == $metric) | .error' predicted.json | head -n 1
}

# within PERCENT METRIC...
within() {
    for metric in "${@:2}"; do
        awk -v e="$(error_of "$metric")" -v most="$1" 'BEGIN { exit !(e != "" && e >= -most / 100 && e <= most / 100) }' ||
            { echo "$metric is off by $(error_of "$metric")"; return 1; }
    done
}

predict() {
    "$GPUSWAP_SIM" predict "$@" --json predicted.json
}

@test "swaps before and beside each other, turns, requests: within 1 %" {
    needs_double
    calibrate "$double"
    { printf '[scenario]\nduration = 30m\nrecord = bursts\n'; node serial; notebooks 3840KiB 12s 2s; } >serial.ini
    { printf '[scenario]\nduration = 30m\nrecord = bursts\n'; node overlapped; notebooks 5MiB 12s 3s
        printf '[policy]\nslicer = rr\nslicer.quantum = 4s\n'; } >turns.ini
    { printf '[scenario]\nduration = 30m\nwarmup = 2m\nrecord = bursts\n'; node overlapped
        printf '%s\n' "[workload.IN]" "class = inference" "count = 4" "memory = 3MiB" "arrival = poisson(4/min)" \
            "service = exp(800ms)" "keep_host_copy = yes" "dirty = 0"; } >requests.ini
    for scenario in serial turns requests; do
        echo "$scenario"
        live $scenario.ini
        run --separate-stderr predict results.db
        [ "$status" -eq 0 ]
        [ -z "$stderr" ]
        echo "$output"
        within 1 completed alone_s response_mean_s response_p50_s response_p95_s swap_in_s swaps swap_in_bytes
        [[ $output == *"THE DRIVER DOUBLE, NO GPU"*"wished for when they were in the live run"*"0 of "*" numbers are far off"* ]]
        jq -e '.provenance == "double" and .load == "recorded" and .notes == []' predicted.json
    done
    run --separate-stderr predict results.db --run 1
    [[ $output == "serial "*" run 1, "* ]]
}

@test "another link than that of the run is off by far" {
    needs_double
    calibrate "${double/in=5MB/in=1MB}"
    { printf '[scenario]\nduration = 20m\nrecord = bursts\n'; node serial; notebooks 3840KiB 12s 2s; } >serial.ini
    live serial.ini
    run --separate-stderr predict results.db
    [ "$status" -eq 0 ]
    [[ $output == *" response_mean "*"  far off"*" numbers are far off, by more than 5 %: do not plan with these"* ]]
    run within 20 response_mean_s
    [ "$status" -ne 0 ]
}

@test "without recorded bursts the load is drawn again" {
    needs_double
    calibrate "$double"
    { printf '[scenario]\nduration = 30m\n'; node overlapped; notebooks 3840KiB 12s 2s; } >drawn.ini
    live drawn.ini
    run --separate-stderr predict results.db
    [ "$status" -eq 0 ]
    [[ $output == *"was not recorded (record = bursts does)"* ]]
    within 5 response_mean_s
}

@test "time that runs faster: transfers count as many times as long" {
    needs_double
    calibrate "$double"
    { printf '[scenario]\nduration = 30m\nrecord = bursts\n'; node serial; notebooks 3840KiB 40s 6s; } >fast.ini
    live fast.ini --time-scale 4
    predict results.db
    within 1 response_mean_s response_p95_s
}

@test "a double that was calibrated with other links than it ran with is told" {
    needs_double
    { printf '[scenario]\nduration = 5m\nrecord = bursts\n'; node serial; notebooks 3840KiB 12s 2s; } >links.ini
    live links.ini
    calibrate "$double"
    run --separate-stderr "$GPUSWAP_SIM" predict results.db
    [ "$status" -eq 0 ]
    [[ $output != *"calibrate takes links from"* ]]
    calibrate "${double/in=5MB/in=20MB}"
    run --separate-stderr "$GPUSWAP_SIM" predict results.db
    [ "$status" -eq 0 ]
    [[ $output == *"the double's 'h2d' was calibrated as "*", the run's scenario says 5MB/s: calibrate takes links from"* ]]
}

@test "what cannot be predicted" {
    run --separate-stderr "$GPUSWAP_SIM" predict none.db
    [ "$status" -eq 66 ]
    { printf '[scenario]\nduration = 10m\nrecord = bursts\n'; node serial; notebooks 3840KiB 12s 2s; } >small.ini
    "$GPUSWAP_SIM" small.ini --quiet
    run --separate-stderr "$GPUSWAP_SIM" predict results.db
    [ "$status" -eq 65 ]
    [[ $stderr == *"holds no live run"* ]]
    run --separate-stderr "$GPUSWAP_SIM" predict results.db --run 1
    [ "$status" -eq 65 ]
    [[ $stderr == *"run 1 of 'results.db' was simulated"* ]]
    needs_double
    live small.ini
    run --separate-stderr "$GPUSWAP_SIM" predict results.db
    [ "$status" -eq 65 ]
    [[ $stderr == *"holds no calibration of the GPU"*"gpuswap-sim calibrate --device double --db results.db"* ]]
    calibrate "$double"
    run --separate-stderr "$GPUSWAP_SIM" predict results.db --calibration 7
    [ "$status" -eq 65 ]
    [[ $stderr == *"holds no calibration 7"* ]]
}
