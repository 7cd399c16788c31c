#!/usr/bin/env bats
# serve.bats - `gpuswap-sim serve`, `exec` and `ctl` on the driver double: programs that know nothing of it run side by side,
# and what people ask for is done.

# shellcheck disable=SC2154,SC2030,SC2031,SC2034
bats_require_minimum_version 1.5.0
load serve

setup() {
    node_setup
}

teardown() {
    node_teardown
}

@test "five programs with three times the memory of the GPU: their data stay right, and the decisions are the simulator's" {
    daemon
    for name in once threads chunks anew busy; do
        start "$name" "$(client "$name")" 8 28 50
    done
    fine once threads chunks anew busy
    until_so empty
    stop_daemon
    run ! grep -q 'stays on the GPU\|lost' serve.err
    [ "$(sqlite3 results.db "SELECT count(*) FROM burst")" -ge 5 ]
    quanta_kept 1000 "$(grep -c ' overruns: ' serve.err)"
    run "$GPUSWAP_SIM" explain results.db
    [ "$status" -eq 0 ]
}

@test "request, hold, pin, priority, drain: what people ask for is done" {
    daemon
    start a "$(client once)" 200 28 100
    until_so is_state NB-0 running
    start b "$(client once)" 200 28 100
    until_so swapped NB-0
    ctl pin NB-0
    [[ $(ctl status) == *pinned* ]]
    ctl priority NB-0 9
    run ctl priority NB-0 900
    [ "$status" -ne 0 ]
    [[ $output == *"from 0 to 255"* ]]
    ctl unpin NB-0
    [[ $(ctl status) != *pinned* ]]
    [[ $(ctl request NB-1) == *"'NB-1' has the GPU"* ]]
    run ctl request NB-9
    [[ $output == *"there is no 'NB-9' here that is yours"* ]]
    ctl drain
    run "$GPUSWAP_SIM" exec --group NB -- true
    [ "$status" -ne 0 ]
    [[ $output == *"takes nobody in"* ]]
    run ctl pin
    [ "$status" -ne 0 ]
    [[ $output == *"which place?"* ]]
    run ctl nonsense
    [ "$status" -ne 0 ]
    [[ $output == *"unknown word"* ]]
    for place in NB-0 NB-1; do
        kill -KILL "$(process_of $place)"
    done
    until_so empty
    stop_daemon
}

@test "no place, no daemon, a second daemon" {
    run "$GPUSWAP_SIM" exec --group NB -- true
    [ "$status" -eq 69 ]
    [[ $output == *"no daemon serves there"* ]]
    run ctl status
    [ "$status" -eq 69 ]
    sed -i 's/count = 6/count = 1/' node.ini
    daemon
    start a "$(client once)" 100 28 100
    until_so is_state NB-0 running
    run "$GPUSWAP_SIM" exec --group NB -- true
    [ "$status" -ne 0 ]
    [[ $output == *"no free place"* ]]
    run "$GPUSWAP_SIM" exec --group NO -- true
    [ "$status" -ne 0 ]
    [[ $output == *"no [workload.NO]"* ]]
    run timeout 20 "$GPUSWAP_SIM" serve node.ini --device double --db other.db
    [[ $output == *"a daemon serves there already"* ]]
    [ -S sock ]
    kill -KILL "$(process_of NB-0)"
    until_so empty
    stop_daemon
}

@test "a program that goes on as a child of nobody keeps its place" {
    daemon
    cat >fork.sh <<'END'
setsid "$@" </dev/null &
END
    start a sh fork.sh "$(client once)" 30 28 100
    until_so is_state NB-0 running
    until_so has_ended a
    start b "$(client once)" 10 28 100
    fine b
    until_so empty
    grep -q 'burst 30: fine' a.out
    stop_daemon
}

@test "reports count programs, and the time that each was there, whatever place it had" {
    sed -i 's/count = 6/count = 2/' node.ini
    daemon
    for name in a b c; do
        start "$name" "$(client once)" 3 14 20
        fine "$name"
        until_so empty
    done
    stop_daemon
    [ "$(sqlite3 results.db "SELECT value FROM metric WHERE scope='group:NB' AND name='workloads'")" = 3.0 ]
    [ "$(sqlite3 results.db "SELECT (SELECT sum(at_ns) FROM event WHERE kind='detach') -
        (SELECT sum(at_ns) FROM event WHERE kind='attach') - present_ns FROM replication_group")" = 0.0 ]
    "$GPUSWAP_SIM" report results.db | grep -q '^NB  *notebook  *3 '
}

@test "a database that is as large as it may get: that is said at the start, and totals are kept" {
    daemon --set scenario.record_limit=4KiB
    until_so grep -q 'the database is as large as record_limit says' serve.err
    start a "$(client once)" 2 14 20
    fine a
    until_so empty
    ctl stop
    wait "$daemon"
    [ "$(sqlite3 results.db "SELECT (SELECT count(*) FROM event), completed > 0 FROM replication_group")" = '0|1' ]
}

@test "a burst that still waits as its program ends has not been done" {
    daemon --set policy.slicer.quantum=1h
    start a "$(client once)" 2 14 60000
    until_so grep -q 'burst 1' a.out
    until_so is_state NB-0 idle
    start b "$(client busy)" 100000 14 0
    until_so is_state NB-1 running
    "$GPUSWAP_SIM" ctl request NB-0 3>&- &
    request=$!
    until_so is_state NB-0 '\(away, \)*waits'
    kill -KILL "$request"
    until_so ctl status
    kill -KILL "$(process_of NB-0)"
    until_so has_ended a
    kill -KILL "$(process_of NB-1)"
    until_so empty
    stop_daemon
    [ "$(sqlite3 results.db 'SELECT outcome FROM burst WHERE start_ns IS NULL')" = censored ]
}

@test "a burst goes on after a stop, though its program was busy with itself just then; or it ends" {
    daemon --idle 5s
    start a "$(client once)" 70 14 30
    until_so is_state NB-0 running
    start b "$(client once)" 70 14 30
    fine a b
    until_so empty
    start c "$(client once)" 10000 14 600000 # it has nothing to do when it is stopped, and never asks again
    until_so is_state NB-0 running
    start d "$(client once)" 20 14 30
    fine d
    until_so is_state NB-0 '\(idle\|away\)'
    kill -KILL "$(process_of NB-0)"
    until_so empty
    stop_daemon
    [ "$(sqlite3 results.db "SELECT count(*) FROM burst")" -eq 4 ]
    [ "$(sqlite3 results.db "SELECT outcome FROM burst WHERE workload = 0 AND nth = 1")" = "done" ]
    [ "$(sqlite3 results.db "SELECT count(*) FROM burst WHERE preempted_ns > 100000000 AND nth = 0")" -eq 2 ]
    "$GPUSWAP_SIM" explain results.db | grep -q 'is stopped, as its quantum is over'
}

@test "without a gate: taken in by its number or a rule, it takes turns, and is seen to be idle" {
    daemon --rule 'command=client_chunks:NB'
    GPUSWAP_LIBCUDA='' LD_LIBRARY_PATH=$build/double "$(client once)" 12 28 400 >a.out 2>a.err 3>&- &
    outside=$!
    started+=("$outside")
    until_so grep -q 'burst 1' a.out
    ctl attach "$outside" --group NB
    LD_LIBRARY_PATH=$build/double "$(client chunks)" 5 14 400 >c.out 2>c.err 3>&- &
    started+=("$!")
    until_so is_state NB-1 '.*'
    start b "$(client once)" 10 28 50
    fine b
    until_so grep -q 'burst 12: fine' a.out
    until_so grep -q 'burst 5: fine' c.out
    until_so empty
    run ctl attach 999999 --group NB
    [[ $output == *"the number of no process"* ]]
    run ctl attach "$daemon" --group NB
    [[ $output == *"serves itself"* ]]
    stop_daemon
}

@test "two processes of one program are moved together" {
    daemon
    cat >both.sh <<'END'
"$1" 12 12 100 >first.out &
"$1" 12 12 100 >second.out
wait
END
    start a sh both.sh "$(client once)"
    until_so is_state NB-0 running
    start b "$(client once)" 12 28 50
    fine b
    until_so has_ended a
    grep -q 'burst 12: fine' first.out
    grep -q 'burst 12: fine' second.out
    until_so empty
    stop_daemon
}

@test "a process that begins anew in the middle of its turn has ended its burst" {
    daemon
    HOLD=$PWD/over start a "$BATS_TEST_DIRNAME/knock.pl" sock HELLO REQ AGAIN HELLO
    printf 'frame %d\n' 2 4 2 >answers # WELCOME, GRANT, WELCOME
    until_so cmp answers a.out
    until_so is_state NB-0 idle
    touch over
    until_so empty
    stop_daemon
    [ "$(sqlite3 results.db "SELECT count(*) FROM burst WHERE outcome='done'")" -eq 1 ]
}

@test "words of attach that are no numbers are refused, and take no place" {
    daemon
    for words in memory=much memory=-1 memory= memory=1GiB priority=256 priority=-1 priority=high pid=me pid=-1; do
        [[ $("$BATS_TEST_DIRNAME/knock.pl" sock "attach group=NB $words") == "error: '${words%%=*}=' is "* ]] || {
            echo "$words"
            return 1
        }
    done
    empty
    stop_daemon
}
