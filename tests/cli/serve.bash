# serve.bash - what tests of the daemon share: a node of the driver double, a daemon, programs under it.
# shellcheck shell=bash disable=SC2154,SC2119,SC2120

node_setup() {
    cd "$BATS_TEST_TMPDIR" || exit
    build=$(dirname "$GPUSWAP_SIM")
    [ -e "$build/double/libcuda.so.1" ] || skip "built without the CUDA headers"
    [ -e "$build/gate/libcuda.so.1" ] || skip "there is no gate on this machine"
    mkdir -p dir
    chmod 755 .
    export GPUSWAP_SOCKET=$PWD/sock
    export GPUSWAP_LIBNVML=$build/double/libnvidia-ml.so.1
    export GPUSWAP_DOUBLE="memory=${memory:-64MiB} context=2MiB granularity=2MiB in=400MB/s out=400MB/s real_clock=yes folder=$PWD/dir"
    unset GPUSWAP_LIBCUDA
    started=()
    cat >node.ini <<'END'
[scenario]
record = events
[node]
gpu_memory = 64MiB
gpu_reserved = 16MiB
swap_file = 1GiB
h2d = 400MB/s
d2h = 400MB/s
chunk = 2MiB
sharing = exclusive
[policy]
slicer = rr
slicer.quantum = 300ms
[workload.NB]
class = notebook
count = 6
memory = 30MiB
context = 2MiB
think = 5s
burst = 1s
END
}

node_teardown() {
    local pid

    for pid in "${started[@]}" dir/[0-9]*; do
        kill -KILL "${pid#dir/}" 2>/dev/null || true
    done
}

# until COMMAND...: holds, within 20 s.
until_so() {
    local i

    for ((i = 0; i < 200; i++)); do
        if "$@" >/dev/null 2>&1; then
            return 0
        fi
        sleep 0.1
    done
    echo "never: $*" >&2
    ctl status >&2 || true
    cat serve.err >&2 || true
    return 1
}

ctl() {
    timeout 20 "$GPUSWAP_SIM" ctl "$@"
}

# daemon [OPTION...]: its number is in $daemon.  $faults are for its own driver.
daemon() {
    GPUSWAP_DOUBLE="$GPUSWAP_DOUBLE ${faults:-}" "$GPUSWAP_SIM" serve node.ini --device double --db results.db \
        --stop-timeout "${stop_timeout:-1s}" "$@" >serve.out 2>>serve.err 3>&- &
    daemon=$!
    started+=("$daemon")
    until_so ctl status
}

# start NAME PROGRAM...: under the daemon; its output is in NAME.out, its exit code in NAME.rc.
start() {
    local name=$1

    shift
    (
        status=0
        ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0 "$GPUSWAP_SIM" exec --group NB -- "$@" \
            >"$name.out" 2>"$name.err" || status=$?
        echo "$status" >"$name.rc"
    ) 3>&- &
}

client() {
    echo "$build/tests/client_$1"
}

has_ended() {
    [ -s "$1.rc" ]
}

# fine NAME...: each ends with 0, and all its bursts were fine.
fine() {
    local name

    for name in "$@"; do
        until_so has_ended "$name" || return 1
        if [ "$(cat "$name.rc")" != 0 ] || grep -qv '^burst [0-9]*: fine$' "$name.out"; then
            echo "$name: $(cat "$name.rc"): $(tail -n 3 "$name.out" "$name.err")" >&2
            return 1
        fi
    done
}

# Each has ended, or is told to be stuck: what its driver never does again cannot be waited for.
ended_or_told() {
    local name left=0

    for name in "$@"; do
        has_ended "$name" || left=$((left + 1))
    done
    [ "$(ctl status --json | grep '"place":' | grep -cv '"why":""')" -ge "$left" ]
}

# survives FAULT [OPTION...]: two programs take turns, with swaps, under a daemon whose driver does that, and end well.
survives() {
    local fault=$1

    shift
    rm -rf results.db ./*.rc serve.err
    faults="fault=$fault" daemon "$@"
    start a "$(client once)" 8 28 50
    start b "$(client once)" 8 28 50
    if ! fine a b || ! until_so empty || ! stop_daemon ||
        [ "$(sqlite3 results.db "SELECT count(*) FROM command WHERE kind = 'swap_out'")" -lt 2 ]; then
        echo "with $fault" >&2
        return 1
    fi
}

# The daemon ends, with its books balanced and the same decisions when they are made again.
stop_daemon() {
    local status=0

    ctl stop
    wait "$daemon" || status=$?
    [ "$status" -eq "${1:-0}" ] || {
        echo "the daemon ended with $status: $(cat serve.err)" >&2
        return 1
    }
    "$GPUSWAP_SIM" audit results.db | tee audit >&2
    grep -q ' 0 differences' audit
}

# How long after its quantum each turn ended that was to end, in ms, by what the daemon recorded.
late_ms() {
    sqlite3 results.db <<'END'
SELECT (SELECT done.at_ns FROM event done WHERE done.event > at.event AND done.workload = stop.workload
        AND (done.kind = 'idle' OR done.kind = 'done' AND done.command = 'stop') ORDER BY done.event LIMIT 1) / 1000000 -
       (SELECT due.at_ns FROM command due WHERE due.command < stop.command AND due.kind = 'timer_set' AND due.timer = at.timer
        ORDER BY due.command DESC LIMIT 1) / 1000000 AS late
FROM command stop JOIN event at USING (event) WHERE stop.kind = 'stop' AND late IS NOT NULL ORDER BY late;
END
}

# quanta_kept STOP_MS OVERRUNS: turns end within the stop time after their quantum, but for those that were counted as overruns;
# and most within a quarter of it: what the gate lets be under way takes 50 ms where the machine has nothing else to do.
quanta_kept() {
    local late over=0 ms

    mapfile -t late < <(late_ms)
    for ms in "${late[@]}"; do
        over=$((over + (ms > $1)))
    done
    echo "${#late[@]} turns were stopped, half of them within ${late[${#late[@]} / 2]} ms, the last after ${late[-1]} ms; $2 overruns" >&2
    [ "$over" -le "$2" ]
    [ "$((${late[${#late[@]} / 2]} * 4))" -le "$1" ]
}

empty() {
    [[ $(ctl status) == *"no programs"* ]]
}

is_state() { # is_state PLACE STATE
    ctl status --json | tr -d '\n' | grep -q "\"place\":\"$1\",\"state\":\"$2"
}

swapped() { # swapped PLACE: at least once
    ctl status --json | grep "\"place\":\"$1\"" | grep -qv '"swaps":0,'
}

# The number of the process that is called so and has the GPU open.
process_called() {
    local pid

    for pid in dir/[0-9]*; do
        pid=${pid#dir/}
        if [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$1" ]; then
            echo "$pid"
            return 0
        fi
    done
    return 1
}

# The number of the process that runs as PLACE, by what the double's folder has.
process_of() {
    local pid

    for pid in dir/[0-9]*; do
        pid=${pid#dir/}
        if tr '\0' '\n' <"/proc/$pid/environ" 2>/dev/null | grep -qx "GPUSWAP_PLACE=$1"; then
            echo "$pid"
            return 0
        fi
    done
    return 1
}
