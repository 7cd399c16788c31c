#!/usr/bin/env bats
# serve_hour.bats - five programs with three times the memory of the GPU, for an hour whose times are all a tenth of what they
# would be: links ten times as fast, turns and pauses a tenth as long, six minutes.  SERVE_SECONDS=N: so long instead.

# shellcheck disable=SC2154
bats_require_minimum_version 1.5.0
load serve

setup() {
    node_setup
}

teardown() {
    node_teardown
}

alive() {
    local name

    for name in once threads chunks anew busy; do
        ! has_ended "$name" || { echo "$name has ended" >&2; return 1; }
    done
}

@test "an hour at a tenth: no error, quanta as stated, the same decisions, and a trace of it that can be replayed" {
    sed -i 's/quantum = .*/quantum = 200ms/' node.ini
    daemon
    "$GPUSWAP_SIM" record -o node.gst --duration 20s 2>record.err 3>&- &
    recorder=$!
    for name in once threads chunks anew busy; do
        start "$name" "$(client "$name")" 1000000 28 50
    done
    for ((second = 0; second < ${SERVE_SECONDS:-360}; second += 5)); do
        sleep 5
        alive
        overruns=$(ctl status --json | sed -n 's/.*"overruns":\([0-9]*\),.*/\1/p' | awk '{ n += $1 } END { print n + 0 }')
        [ "$((overruns * 20))" -le "$((second + 5))" ] || { ctl status; return 1; } # a slow machine may be late now and then
    done
    wait "$recorder"
    for name in once threads chunks anew busy; do
        run ! grep -v '^burst [0-9]*: fine$' "$name.out"
    done
    for place in NB-0 NB-1 NB-2 NB-3 NB-4; do
        kill -KILL "$(process_of "$place")"
    done
    until_so empty
    stop_daemon
    run ! grep -q "stays on the GPU\|lost" serve.err
    quanta_kept 1000 "$overruns"
    "$GPUSWAP_SIM" trace check node.gst
    "$GPUSWAP_SIM" replay node.gst --quiet
}
