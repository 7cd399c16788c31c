#!/usr/bin/env bats
# serve_example.bats - the program that the runbook tries the daemon with: two of them, of which one fits.

bats_require_minimum_version 1.5.0
load serve

setup() {
    node_setup
    cc -O2 -Wall -Wextra -Werror -o cell "$GPUSWAP_ROOT/examples/program/cell.c"
}

teardown() {
    node_teardown
}

@test "two notebooks take turns, and find their data" {
    daemon
    start a ./cell 30 3 0.5 0.2
    start b ./cell 30 3 0.5 0.2
    until_so has_ended a
    until_so has_ended b
    [ "$(grep -c '^cell [123]: [0-9.]* s$' a.out)" -eq 3 ]
    [ "$(grep -c '^cell [123]: [0-9.]* s$' b.out)" -eq 3 ]
    [ "$(cat a.rc b.rc)" = $'0\n0' ]
    stop_daemon
    grep -q '^What limits: waiting for the GPU' serve.out
    run ! grep -q '^Next: .*workload.NB.count=' serve.out
    [ "$(sqlite3 results.db "SELECT count(*) > 2 FROM command WHERE kind = 'swap_out'")" = 1 ]
}

@test "it tells how it is called" {
    run -64 --separate-stderr ./cell
    [ "$stderr" = "usage: ./cell MIB CELLS BUSY_S THINK_S" ]
}
