#!/usr/bin/env bats
# serve_refused.bats - what cannot be taken off a GPU: it is told why, counts as not swappable, keeps its data, and the others
# take turns beside it.

# shellcheck disable=SC2154,SC2030,SC2031,SC2034
bats_require_minimum_version 1.5.0
load serve

setup() {
    node_setup
}

teardown() {
    node_teardown
}

why() { # why PLACE: it cannot be swapped
    ctl status --json | grep "\"place\":\"$1\"" | sed 's/.*"why":"\([^"]*\)".*/\1/'
}

is_why() { # is_why PLACE WORDS
    [[ $(why "$1") == *"$2"* ]]
}

# stays CLIENT WORDS: a program of 14 MiB that the driver refuses to save; two others of 28 MiB, of which one fits beside it.
stays() {
    start a "$(client "$1")" 60 14 50
    until_so is_state NB-0 running
    start b "$(client once)" 6 28 50
    start c "$(client once)" 6 28 50
    until_so is_why NB-0 "$2"
    fine b c
    ctl status --json | grep '"place":"NB-0"' | grep -q '"swaps":0,'
    fine a
    [ "$(grep -c "'NB-0' stays on the GPU" serve.err)" -ge 1 ]
    run ! grep -q 'lost' serve.err
    until_so empty
    stop_daemon
}

@test "managed memory: the driver refuses to save it; it stays, with the reason, and the others take turns" {
    daemon
    stays managed "it may use managed memory"
}

@test "memory shared between processes, before driver 610: the same; from then on it is moved" {
    daemon
    stays shared "memory shared between processes (for drivers before 610)"
    rm -f results.db ./*.rc serve.err
    GPUSWAP_DOUBLE="$GPUSWAP_DOUBLE driver=13030"
    daemon
    start a "$(client shared)" 10 28 50
    start b "$(client once)" 10 28 50
    until_so swapped NB-0
    fine a b
    run ! grep -q 'stays on the GPU' serve.err
    until_so empty
    stop_daemon
}

@test "a driver that refuses at any step: the same" {
    for call in Lock Checkpoint; do
        rm -f results.db ./*.rc serve.err
        faults="fault=cuCheckpointProcess$call#1+=801" daemon
        start a "$(client once)" 12 20 50
        start b "$(client once)" 12 20 50
        start c "$(client once)" 4 20 50
        fine a b c || { echo "with $call"; return 1; }
        grep -q "the driver cannot take process .*cuCheckpointProcess$call" serve.err
        until_so empty
        stop_daemon || { echo "with $call"; return 1; }
    done
}

@test "a driver before 570: told at the start and of each program; they are gated and stay, and nobody is attached" {
    GPUSWAP_DOUBLE="$GPUSWAP_DOUBLE driver=12040"
    daemon
    grep -q 'the driver knows CUDA 12.4 and cannot take other processes off the GPU: that needs driver 570' serve.err
    start a "$(client once)" 40 20 50
    start b "$(client once)" 12 20 50
    until_so is_why NB-0 "that needs driver 570"
    until_so is_why NB-1 "that needs driver 570"
    start c "$(client once)" 2 20 50
    run ctl attach "$$" --group NB
    [ "$status" -ne 0 ]
    [[ $output == *"this driver cannot stop a process that has no gate"* ]]
    fine a b c
    until_so empty
    stop_daemon
    [ "$(sqlite3 results.db "SELECT count(*) FROM burst")" -ge 3 ]
    run timeout 20 "$GPUSWAP_SIM" serve node.ini --device double --db other.db --swap-file /dev/shm/gpuswap-test
    [ "$status" -ne 0 ]
    [[ $output == *"the driver knows CUDA 12.4"*"leave --swap-file out"* ]]
}

@test "a GPU that is cut into instances: the daemon does not start" {
    GPUSWAP_DOUBLE="$GPUSWAP_DOUBLE mig=yes"
    run timeout 20 "$GPUSWAP_SIM" serve node.ini --device double --db results.db
    [ "$status" -ne 0 ]
    [[ $output == *"GPU 0 is cut into MIG instances, which the driver cannot swap"* ]]
    [ ! -e sock ]
}
