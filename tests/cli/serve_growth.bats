#!/usr/bin/env bats
# serve_growth.bats - programs that take more memory than their place says: what they have is booked before they leave the GPU, and
# who has more than the GPU has for programs has his turns nevertheless.

# shellcheck disable=SC2154,SC2030,SC2031,SC2034
bats_require_minimum_version 1.5.0
load serve

setup() {
    node_setup
    sed -i 's/memory = 30MiB/memory = 10MiB/' node.ini
}

teardown() {
    node_teardown
}

has_mib() { # has_mib PLACE MIB: at least, by the daemon's books
    local bytes

    bytes=$(ctl status --json | sed -n "s/.*\"place\":\"$1\".*\"bytes\":\([0-9]*\),.*/\1/p")
    [ "${bytes:-0}" -ge "$(($2 << 20))" ]
}

is_why() { # is_why PLACE WORDS: it cannot be swapped
    ctl status | grep "^$1 " | grep -q "$2"
}

start_with_mib() { # start_with_mib MIB NAME PROGRAM...: as start, and it says what it needs
    local mib=$1 name=$2

    shift 2
    (
        status=0
        ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0 "$GPUSWAP_SIM" exec --group NB --memory "${mib}MiB" -- "$@" \
            >"$name.out" 2>"$name.err" || status=$?
        echo "$status" >"$name.rc"
    ) 3>&- &
}

end() { # end PLACE...
    local place

    for place in "$@"; do
        kill -KILL "$(process_of "$place")"
    done
    until_so empty
}

@test "a program that is stopped in the middle of its burst is booked with what it has by then" {
    daemon --idle 1m # so no burst ends by itself
    GPUSWAP_LIBCUDA='' LD_LIBRARY_PATH=$build/double "$(client busy)" 100000 20 0 >a.out 2>a.err 3>&- &
    started+=("$!")
    until_so grep -q 'burst 1' a.out
    ctl attach "$!" --group NB # without a gate: a stop never looks like the end of its burst
    until_so is_state NB-0 running
    start b "$(client busy)" 100000 20 0
    until_so has_mib NB-0 20
    kill -KILL "${started[-1]}"
    until_so is_state NB-1 running
    end NB-1
    stop_daemon
}

@test "where the driver tells only of some processes of a program what they have, that is not taken for all of it" {
    faults=fault=nvmlDeviceGetComputeRunningProcesses_v3#2+=999 daemon --idle 3s
    # shellcheck disable=SC2016 # it is that shell which is to know its own name
    start a sh -c '"$0" 1 4 60000 & exec "$0" 1 4 60000' "$(client once)"
    until_so is_state NB-0 running
    until_so is_state NB-0 idle
    ctl status --json | grep '"place":"NB-0"' | grep '"processes":2,' | grep '"bytes":10485760,'
    while pid=$(process_of NB-0); do
        kill -KILL "$pid"
    done
    until_so empty
    stop_daemon
}

@test "what was not booked leaves only where the swap file has room for it" {
    sed -i 's/swap_file = .*/swap_file = 20MiB/' node.ini
    daemon
    start a "$(client once)" 10000 28 60000
    until_so is_state NB-0 idle
    until_so has_mib NB-0 28
    start_with_mib 40 b "$(client once)" 2 28 50
    until_so is_why NB-0 "it has 18 MiB more on the GPU than was booked for it, and the swap file has 10 MiB left"
    ctl status --json | grep '"place":"NB-0"' | grep -q '"swaps":0,'
    kill -KILL "$(process_of NB-0)"
    fine b
    until_so empty
    stop_daemon
}

@test "what could not leave after all takes no room of the swap file: it is tried again" {
    sed -i 's/swap_file = .*/swap_file = 40MiB/' node.ini
    faults=fault=cuCheckpointProcessCheckpoint#1=2 daemon
    start a "$(client once)" 10000 28 60000
    until_so is_state NB-0 idle
    until_so has_mib NB-0 28
    start_with_mib 40 b "$(client once)" 2 28 50
    fine b
    grep -q "'NB-0' could not leave the GPU" serve.err
    run ! grep 'stays on the GPU' serve.err
    end NB-0
    stop_daemon
}

@test "a program that has more than the GPU has for programs, but not than the GPU has, takes turns" {
    daemon
    start a "$(client once)" 4 50 400 # 48 MiB are for programs, 16 are kept back
    until_so has_mib NB-0 50
    start b "$(client once)" 4 8 400
    fine a b
    until_so empty
    stop_daemon
}

@test "programs of which each fills the GPU come back to it in turn" {
    sed -i 's/gpu_reserved = .*/gpu_reserved = 2MiB/; s/memory = 10MiB/memory = 60MiB/; s/context = .*/context = 1MiB/' node.ini
    daemon
    start a "$(client once)" 5 61 400 # with its context 63 of 64 MiB
    until_so is_state NB-0 running
    start b "$(client once)" 5 61 400
    fine a b
    until_so empty
    stop_daemon
}
