#!/usr/bin/env bats
# selftest.bats - the program tries itself, and a GPU: here the driver double, sound and broken.

bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
    build=$(dirname "$GPUSWAP_SIM")
    unset GPUSWAP_LIBCUDA GPUSWAP_LIBNVML GPUSWAP_DOUBLE
    mkdir tmp
}

# with_double: skip where there is none.
with_double() {
    [ -e "$build/double/libcuda.so.1" ] || skip "built without the CUDA headers"
}

@test "simulation, database, audit; and nothing is left" {
    run --separate-stderr env TMPDIR="$PWD/tmp" "$GPUSWAP_SIM" selftest
    [ "$status" -eq 0 ]
    [ -z "$stderr" ]
    [ "$(grep -c '^ok ' <<<"$output")" -eq 3 ]
    [[ $output == *"simulation     the same bytes on one thread and on four"* ]]
    [ -z "$(ls tmp)" ]
    run --separate-stderr env TMPDIR=/nonexistent "$GPUSWAP_SIM" selftest
    [ "$status" -eq 73 ]
    [[ $stderr == *"set TMPDIR to a folder that may be written" ]]
}

@test "the double passes, and the file is marked" {
    with_double
    run --separate-stderr env TMPDIR="$PWD/tmp" "$GPUSWAP_SIM" selftest --gpu --device double -o found.json
    [ "$status" -eq 0 ]
    [[ $stderr == *"'found.json', marked as of the driver double" ]]
    [ "$(jq -r '[.provenance, .gpu.name, ([.checks[] | select(.ok)] | length)] | join("; ")' found.json)" = \
        "double; gpuswap driver double (no GPU); 12" ]
    [ "$(jq '[.checks[] | select(.name == "duplex") | .figures[] | .both_ms // empty] | length' found.json)" -eq 3 ]
    [ -z "$(ls tmp)" ]
}

@test "a driver that is broken fails checks, with the reason" {
    with_double
    run --separate-stderr env TMPDIR="$PWD/tmp" "$GPUSWAP_SIM" selftest --device double --double "fault=cuMemcpyDtoHAsync#6=skip" -o found.json
    [ "$status" -eq 1 ]
    [[ $stderr == *"1 check failed; see 'failed' above" ]]
    grep -q '^failed  [a-z]* .*' <<<"$output"
    [ "$(jq '[.checks[] | select(.ok | not) | .why] | length' found.json)" -eq 1 ]
    run --separate-stderr env TMPDIR="$PWD/tmp" "$GPUSWAP_SIM" selftest --device double --double "fault=cuMemCreate#4+=lost46" -o found.json
    [ "$status" -eq 1 ]
    [ "$(jq '[.checks[] | select(.ok)] | length' found.json)" -le 3 ]
}

@test "it takes its share and not more, and lets others alone" {
    with_double
    like="memory=256MiB granularity=1MiB ledger=$PWD/ledger"
    export GPUSWAP_LIBNVML=$build/double/libnvidia-ml.so.1 GPUSWAP_DOUBLE="$like real_clock=yes"
    GPUSWAP_LIBCUDA=$build/double/libcuda.so.1 "$build/tests/cuda_load" 4 0 0 0 0 20000 >out 3>&- &
    until [ -s out ]; do sleep 0.05; done
    run --separate-stderr env TMPDIR="$PWD/tmp" "$GPUSWAP_SIM" selftest --device double --double "$like"
    [ "$status" -eq 75 ]
    [[ $stderr == *"1 other process is on the GPU; "*"wait, or add --force" ]]
    [ ! -e gpuswap-selftest.json ]
    run --separate-stderr env TMPDIR="$PWD/tmp" "$GPUSWAP_SIM" selftest --device double --double "$like" --force --share 10%
    [ "$status" -eq 0 ]
    [[ $output == *"takes 24."*" MiB of its memory"* ]]
    [ "$(jq .gpu.other_processes gpuswap-selftest.json)" -eq 1 ]
    kill $!
}

@test "without a GPU, or with a wrong command line" {
    export GPUSWAP_LIBCUDA=/nonexistent/libcuda.so.1
    run --separate-stderr env TMPDIR="$PWD/tmp" "$GPUSWAP_SIM" selftest --gpu
    [ "$status" -eq 69 ]
    [ ! -e gpuswap-selftest.json ]
    for wrong in "--device cuda" "--share 95%" "--share 0%" there; do
        # shellcheck disable=SC2086
        run env TMPDIR="$PWD/tmp" "$GPUSWAP_SIM" selftest $wrong
        [ "$status" -eq 64 ]
    done
    with_double
    export GPUSWAP_LIBCUDA=$build/double/libcuda.so.1
    run --separate-stderr env TMPDIR="$PWD/tmp" "$GPUSWAP_SIM" selftest --gpu
    [ "$status" -eq 69 ]
    [[ $stderr == *"is the driver double and no GPU; say '--device double'"* ]]
}
