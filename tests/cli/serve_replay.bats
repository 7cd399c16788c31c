#!/usr/bin/env bats
# serve_replay.bats - what programs under the daemon wished for, as a trace on the simulated node: its controller runs, stops and
# swaps the same ones in the same order.  Wishes come far enough apart that a slow machine makes no other order of them.

# shellcheck disable=SC2154
bats_require_minimum_version 1.5.0
load serve

setup() {
    node_setup
    sed -i 's/memory = 30MiB/memory = 20MiB/; s/quantum = .*/quantum = 1s/' node.ini
    bursts=(0 0 0 0)
}

teardown() {
    node_teardown
}

at_rest() { # at_rest I: it has ended its burst
    is_state "NB-$1" 'idle"' || is_state "NB-$1" 'away"'
}

# wish I MS: a burst of so much work.
wish() {
    echo "$2" >&"${input[$1]}"
    bursts[$1]=$((bursts[$1] + 1))
}

done_is() {
    until_so grep -q "^burst ${bursts[$1]}: fine" "p$1.out"
    until_so at_rest "$1"
}

begin() { # begin I: program I, at its own place, and its first burst
    mkfifo "in$1"
    # shellcheck disable=SC1083,SC2086,SC2093
    exec {input[$1]}<>"in$1"
    start "p$1" sh -c "exec $(client asked) 1000 20 0 <in$1"
    until_so is_state "NB-$1" running
    until_so at_rest "$1"
}

# The trace of the wishes that results.db has.
trace_of_wishes() {
    echo '#gpuswap-trace,1'
    sqlite3 -separator , results.db <<'END'
SELECT at_us, line FROM (
    SELECT event.at_ns / 1000 AS at_us, 1 AS nth,
           'W,p' || workload || ',n,1,' || workload.bytes || ',' || context_bytes || ',,,,1,o' AS line
    FROM event JOIN workload USING (run, workload) WHERE kind = 'attach'
    UNION ALL
    SELECT ready_ns / 1000, 2, 'B,p' || workload || ',' || max(alone_ns / 1000, 1) FROM burst WHERE outcome = 'done'
    UNION ALL
    SELECT at_ns / 1000, 3, 'D,p' || workload || ',end' FROM event WHERE kind = 'detach')
ORDER BY at_us, nth;
END
}

# decisions DATABASE: until the last burst ended; later the daemon may look after who is away, and is ended in that.
decisions() {
    sqlite3 "$1" <<'END'
SELECT command.kind, command.workload, reason FROM command JOIN event USING (event)
WHERE command.kind IN ('run', 'stop', 'swap_in', 'swap_out')
    AND event.at_ns <= (SELECT max(end_ns) FROM burst WHERE outcome = 'done') ORDER BY command.command;
END
}

@test "the wishes of a served day on the simulated node: who runs, is stopped, leaves and comes is the same" {
    daemon
    for i in 0 1 2 3; do
        begin "$i"
    done
    for i in 0 2 1 3 1 0 3 2 0; do
        wish "$i" 100
        done_is "$i"
    done
    wish 1 2500 # two turns of it, and between them 3 and 2
    until_so is_state NB-1 running
    wish 3 50
    until_so is_state NB-3 'away, waits'
    wish 2 50
    for i in 3 2 1; do
        done_is "$i"
    done
    for i in 0 1 2 3; do # one that ends by itself would ask for the GPU to do so
        kill -KILL "$(process_of "NB-$i")"
        run ! grep -v '^burst [0-9]*: fine$' "p$i.out"
    done
    until_so empty
    stop_daemon
    trace_of_wishes >day.gst
    "$GPUSWAP_SIM" trace check day.gst
    "$GPUSWAP_SIM" replay day.gst node.ini --set scenario.warmup=0s --db replayed.db --quiet
    decisions results.db >served
    decisions replayed.db >simulated
    grep -q 'stop|1|quantum' served
    [ "$(grep -c swap_out served)" -ge 8 ]
    diff served simulated
}
