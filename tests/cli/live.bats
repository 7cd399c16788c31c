#!/usr/bin/env bats
# live.bats - `gpuswap-sim live` on the driver double: what it refuses, how its results are marked, what is seen while it
# runs, and how it ends.

# shellcheck disable=SC2154,SC2030,SC2031     # $stderr is set by `run --separate-stderr`; each test is a subshell of its own
bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
    double=$(dirname "$GPUSWAP_SIM")/double/libcuda.so.1
    unset GPUSWAP_DOUBLE GPUSWAP_LIBCUDA
    cat >a.ini <<'END'
[scenario]
duration = 3m
[node]
gpu_memory = 16MiB
gpu_reserved = 0B
chunk = 1MiB
h2d = 10MB/s
d2h = 10MB/s
swap_file = 64MiB
[policy]
slicer = rr
slicer.quantum = 1s
[workload.NB]
class = notebook
count = 3
memory = 8MiB
think = exp(8s)
burst = exp(2s)
END
}

teardown() {
    [[ -z ${pid:-} ]] || kill -KILL "$pid" 2>/dev/null || true
}

needs_double() {
    [ -e "$double" ] || skip "built without the CUDA headers"
}

live() {
    "$GPUSWAP_SIM" live a.ini --device double "$@"
}

# fails CODE TEXT ARGUMENT...: `live` ends with that code and says TEXT on stderr.
fails() {
    local code=$1 text=$2
    shift 2
    run --separate-stderr "$GPUSWAP_SIM" live "$@"
    [ "$status" -eq "$code" ] || { echo "exit code $status: $stderr" >&2; return 1; }
    [[ $stderr == *"$text"* ]] || { echo "said: $stderr" >&2; return 1; }
}

query() {
    sqlite3 "${2:-results.db}" "$1"
}

# Until FILE holds TEXT, at most half a minute.
wait_for() {
    for _ in $(seq 300); do
        ! grep -q -- "$2" "$1" 2>/dev/null || return 0
        sleep 0.1
    done
    return 1
}

# A run by the machine's clock, in the background, that has begun to work.
begin_real() {
    "$GPUSWAP_SIM" live a.ini --device double --clock real --time-scale 5 --every 100ms "$@" >out 2>err &
    pid=$!
    wait_for err ' [1-9][0-9]* bursts'
}

@test "the first run: shipped, short, swaps, every word right" {
    needs_double
    "$GPUSWAP_SIM" live "$GPUSWAP_ROOT/scenarios/live-first.ini" --device double --verify --quiet --json a.json
    [ "$(query "SELECT status FROM run")" = complete ]
    [ "$(query "SELECT count(*) > 20 FROM burst WHERE outcome = 'done'")" = 1 ]
    [ "$(query "SELECT count(*) > 5 FROM burst WHERE served = 'warm'")" = 1 ]
    [ "$(query "SELECT max(end_ns) < 20e9 FROM burst")" = 1 ]
}

@test "more GPUs than there are" {
    needs_double
    fails 78 "the driver double has 8 GPUs at most, and the scenario asks for 9; lower 'gpus'" a.ini --device double \
        --set node.gpus=9
}

@test "a device must be named, and be one" {
    fails 64 "on what?" a.ini
    fails 64 "which scenario?" --device double
    for device in cuda cuda: cuda:x cuda:0,0 cuda:0,,1 "cuda:0," cuda:,0 cuda:-1 gpu:0 Double; do
        fails 64 "not '$device'" a.ini --device "$device"
    done
    fails 64 "a GPU's is real" a.ini --device cuda:0 --clock virtual
    fails 64 "from 0.001" a.ini --device double --time-scale 0
    [ ! -e results.db ]
}

@test "without a driver or a GPU: 69, and no database" {
    GPUSWAP_LIBCUDA=/nonexistent/libcuda.so.1 fails 69 "cannot be loaded" a.ini --device cuda:0
    needs_double
    GPUSWAP_LIBCUDA=$double GPUSWAP_DOUBLE=fault=cuInit#1=100 fails 69 "finds no GPU" a.ini --device cuda:0
    [ ! -e results.db ]
}

@test "the double is never taken for a GPU" {
    needs_double
    GPUSWAP_LIBCUDA=$double fails 69 "is the driver double and no GPU" a.ini --device cuda:0
    [ ! -e results.db ]
    for backend in cuda double; do
        run --separate-stderr "$GPUSWAP_SIM" a.ini --backend "$backend"
        [ "$status" -ne 0 ]
    done
}

@test "what live mode cannot do is refused" {
    needs_double
    fails 78 "asks for the future" a.ini --device double --set policy.victim=belady
    fails 78 "one replication" a.ini --device double --replications 2
    fails 78 "one replication" a.ini --device double --set scenario.precision=5%
    fails 78 "warmup" a.ini --device double --set scenario.warmup=auto
    fails 78 "keeps real bytes" a.ini --device double --set node.gpu_memory=900TiB --set workload.NB.memory=500TiB \
        --set node.swap_file=900TiB
    [[ $stderr =~ "h2d and d2h by "([0-9]+)" or more" ]]
    [ "${BASH_REMATCH[1]}" -ge 256 ]
    GPUSWAP_LIBCUDA=$double fails 78 "--device names 2" a.ini --device cuda:0,1
    GPUSWAP_DOUBLE=nonsense=1 fails 64 "no option 'nonsense'" a.ini --device double
    [ ! -e results.db ]
}

@test "the manual lists the calls that the double can let fail, and others are refused" {
    sed -n '/^Calls that can fail: /,/^$/p' "$GPUSWAP_ROOT/docs/driver-double.md" | grep -oE '\<(cu|nvml)[A-Z][A-Za-z0-9_]*' |
        sort >listed
    sed -n 's/^    "\(.*\)",$/\1/p' "$GPUSWAP_ROOT/backend/double/calls.c" | sort | diff - listed
    needs_double
    GPUSWAP_DOUBLE=fault=cuMemCrate#1=2 fails 64 "has no call 'cuMemCrate'" a.ini --device double
    run --separate-stderr env GPUSWAP_DOUBLE=fault=cuMemCrate#1=2 "$GPUSWAP_SIM" calibrate --device double
    [ "$status" -eq 69 ]
    [[ $stderr == *"has no call 'cuMemCrate'"* ]]
    [ ! -e results.db ]
}

@test "results of the double say so: report, JSON, CSV, database, page, picture, burst" {
    needs_double
    run --separate-stderr live --json r.json --set scenario.record=events
    [ "$status" -eq 0 ]
    [ "${lines[0]}" = "DRIVER DOUBLE: no GPU, times are a model's" ]
    [[ ${lines[1]} == *"on the driver double"* && ${lines[2]} == *"driver double (no GPU) GPU-67707573-7761-"*"CUDA 13.0, virtual clock"* ]]
    jq -e '.provenance == "double" and (.device | contains("no GPU")) and .interrupted == false' r.json
    jq -e '.groups[0].completed > 20 and .gpus[0].swaps > 5' r.json
    [ "$(query 'select status, provenance, device like "%driver double (no GPU)%" from run')" = "complete|double|1" ]
    [ "$("$GPUSWAP_SIM" report results.db | head -n 1)" = "${lines[0]}" ]
    "$GPUSWAP_SIM" report results.db --csv - | grep -q '^provenance,double,'
    [ "$("$GPUSWAP_SIM" report results.db --json - | jq -r .provenance)" = double ]
    "$GPUSWAP_SIM" report results.db --html page
    grep -q 'class="provenance">driver double: no GPU, times are a model' page/index.html
    "$GPUSWAP_SIM" report results.db --plots pictures
    grep -q "subtitle = .driver double: no GPU" pictures/gpu.gp
    [ "$("$GPUSWAP_SIM" explain results.db --burst 3 | head -n 1)" = "${lines[0]}" ]
    [ "$("$GPUSWAP_SIM" explain results.db --burst 3 --json - | jq -r '.bursts[0].provenance')" = double ]
}

@test "a page of simulated and live runs says that they are not of one kind" {
    needs_double
    live --quiet
    "$GPUSWAP_SIM" a.ini --quiet
    "$GPUSWAP_SIM" report results.db --run 1 --run 2 --html page
    grep -q 'class="mixed">These runs are not of one kind: run 1 is driver double' page/index.html
    "$GPUSWAP_SIM" a.ini --quiet
    "$GPUSWAP_SIM" report results.db --run 2 --run 3 --html page
    run ! grep -q 'class="mixed"' page/index.html
}

@test "points of a sweep that are not of one kind are not merged" {
    printf '[sweep]\nworkload.NB.count = 2, 3\n' >>a.ini
    "$GPUSWAP_SIM" sweep a.ini --quiet --shard 1/2 --db one.db
    "$GPUSWAP_SIM" sweep a.ini --quiet --shard 2/2 --db two.db
    "$GPUSWAP_SIM" merge -o all.db one.db two.db --quiet
    query "update run set provenance = 'double'" two.db
    run --separate-stderr "$GPUSWAP_SIM" merge -o mixed.db one.db two.db
    [ "$status" -eq 65 ]
    [[ $stderr == *"is not joined"* ]]
    [ ! -e mixed.db ]
}

@test "by the virtual clock the same seed gives the same run, and audit agrees" {
    needs_double
    live --quiet --json one.json --set scenario.record=events
    live --quiet --json two.json --set scenario.record=events
    diff <(jq 'del(.wall_s)' one.json) <(jq 'del(.wall_s)' two.json)
    live --quiet --json three.json --seed 2
    run ! diff -q <(jq .groups one.json) <(jq .groups three.json)
    "$GPUSWAP_SIM" audit results.db --run 1 | grep -q ' 0 differences$'
}

@test "responses are those of the simulated node" {
    needs_double
    live --quiet --json live.json --set scenario.duration=20m
    "$GPUSWAP_SIM" a.ini --quiet --json sim.json --set scenario.duration=20m
    jq -es '.[0].groups[0].response_s.mean / .[1].groups[0].response_s.mean | . > 0.95 and . < 1.05' live.json sim.json
}

@test "sets of a node's GPUs, as simulated; also where memory leaves in part" {
    needs_double
    cat >several.ini <<'END'
[scenario]
duration = 90s
record = events
[node]
gpus = 4
gpu_memory = 8MiB
gpu_reserved = 0B
chunk = 128KiB
h2d = 20MB/s
d2h = 20MB/s
transfer = overlapped
swap_file = 60MiB
[workload.SET]
class = notebook
count = 6
gpus_per_workload = 2
memory = 9MiB
context = 0B
think = exp(4s)
burst = exp(1s)
END
    "$GPUSWAP_SIM" live several.ini --device double --verify --quiet --json live.json
    "$GPUSWAP_SIM" several.ini --quiet --json sim.json
    jq -e '.device | [scan("GPU-67707573")] | length == 4' live.json
    jq -e '(.gpus | length) == 4 and ([.groups[].completed] | min) > 5' live.json
    jq -es '[range(1) as $g | .[0].groups[$g].response_s.mean / .[1].groups[$g].response_s.mean] |
        all(. > 0.93 and . < 1.07)' live.json sim.json
    [ "$(query 'select count(distinct gpu) from operation where kind = "burst"')" -eq 4 ]
    [ "$(query 'select count(distinct gpu) from operation where kind = "h2d"')" -eq 4 ]
    "$GPUSWAP_SIM" audit results.db --run 1 | grep -q ' 0 differences$'
    "$GPUSWAP_SIM" live several.ini --device double --verify --quiet --json part.json --set policy.victim=partial \
        --set policy.victim.chunk=256KiB
    jq -e '[.groups[].completed] | min > 5' part.json
}

@test "who is above its request is killed for memory, on two GPUs, and comes back" {
    needs_double
    cat >killed.ini <<'END'
[scenario]
duration = 90s
[node]
gpus = 2
gpu_memory = 16MiB
gpu_reserved = 0B
chunk = 256KiB
swap = no
[policy]
cap.when_full = oom
[workload.A]
class = notebook
count = 2
memory = 10MiB
context = 0B
think = exp(4s)
burst = exp(1s)
request = 0.2
[workload.B]
class = inference
state = new
count = 2
memory = 10MiB
context = 0B
request = 0.7
slots = 2
arrival = poisson(6/min)
service = exp(2s)
END
    "$GPUSWAP_SIM" live killed.ini --device double --verify --quiet --json live.json
    "$GPUSWAP_SIM" killed.ini --quiet --json sim.json
    jq -e '.groups[0].oom_kills > 0' live.json
    jq -es '(.[0].groups | map(.oom_kills)) == (.[1].groups | map(.oom_kills))' live.json sim.json
}

@test "a trace is the load" {
    needs_double
    sed '/^\[workload/,$d' a.ini >trace.ini
    cat >>trace.ini <<END
[trace.T]
file = $GPUSWAP_ROOT/scenarios/office.gst
memory = 6MiB
to = 1h
END
    sed -i '/^duration/d' trace.ini
    "$GPUSWAP_SIM" live trace.ini --device double --quiet --json r.json
    jq -e '.provenance == "double" and .groups[0].completed > 3' r.json
}

@test "each operation has its time, and those of the bursts add up" {
    needs_double
    live --quiet --verify --set scenario.record=events
    for kind in create map access unmap release d2h h2d drain burst verify; do
        [ "$(query "select count(*) > 0 from operation where kind = '$kind' and took_ns > 0")" = 1 ] ||
            { echo "no $kind" >&2; false; }
    done
    [ "$(query "select count(*) from operation where kind in ('d2h', 'h2d') and
        abs(took_ns / (bytes / 10e6 * 1e9) - 1) > 0.3")" -eq 0 ]    # 10 MB/s, at most slowed by the other direction
    query "select (select sum(took_ns) from operation where kind = 'burst') * 1.0 / sum(alone_ns) from burst" >ratio
    awk '{ exit !($1 > 0.97 && $1 < 1.05) }' ratio
    live --quiet --db brief.db
    [ "$(query 'select count(*) from operation' brief.db)" -eq 0 ]
}

@test "at time scale 4 bursts take a quarter, and transfers what they take" {
    needs_double
    live --quiet --time-scale 4 --set scenario.record=events --json r.json
    jq -e '.simulated_s == 180 and (.device | endswith("time scale 4"))' r.json
    query "select 4.0 * (select sum(took_ns) from operation where kind = 'burst') / sum(alone_ns) from burst" >ratio
    awk '{ exit !($1 > 0.95 && $1 < 1.06) }' ratio
    query "select avg(took_ns * 10e6 / 1e9 / bytes) from operation where kind in ('d2h', 'h2d')" >ratio
    awk '{ exit !($1 > 0.99 && $1 < 1.3) }' ratio
}

@test "an error of the GPU ends the run, and the database says incomplete" {
    needs_double
    GPUSWAP_DOUBLE="fault=cuMemcpyDtoHAsync#3=op214" fails 74 "CUDA_ERROR_ECC_UNCORRECTABLE" a.ini --device double
    [ "$(query 'select status from run')" = incomplete ]
}

@test "a driver that gives no memory is told, beside a report of those who wait" {
    needs_double
    export GPUSWAP_DOUBLE=fault=cuMemCreate#1+=2
    run --separate-stderr live
    [ "$status" -eq 0 ]
    [[ $stderr == *"note: GPU 0 (FFFF:00:00.0): "*" swaps had no effect, as the driver gave no memory: 'cuMemCreate': out of memory"* ]]
    [[ $stderr == *"(CUDA_ERROR_OUT_OF_MEMORY, 2), for a chunk of 1024 KiB; who else uses it"* ]]
    run --separate-stderr live --quiet
    [ -z "$stderr" ]
}

@test "lines of progress where there is no terminal, and a view where there is one" {
    needs_double
    run --separate-stderr live --every 10ms
    [[ $stderr =~ of\ 3\ min:\ [0-9]+\ bursts,\ [0-9]\ running ]]
    [[ $stderr != *$'\033'* ]]
    run --separate-stderr live --every 10ms --quiet
    [ -z "$stderr" ]
    command -v script || skip "no script(1)"
    script -qec "'$GPUSWAP_SIM' live a.ini --device double --every 10ms" /dev/null >typed
    grep -q "node-0/gpu-0  \[" typed
    grep -q $'\033\[[0-9]*A' typed
}

@test "metrics are served to this machine" {
    needs_double
    begin_real --metrics 0
    port=$(sed -n 's|^metrics: http://127.0.0.1:\([0-9]*\)/metrics$|\1|p' err)
    exec 5<>"/dev/tcp/127.0.0.1/$port"
    printf 'GET /metrics HTTP/1.0\r\n\r\n' >&5
    tr -d '\r' <&5 >got
    [ "$(head -n 1 got)" = "HTTP/1.0 200 OK" ]
    grep -q '^Content-Type: text/plain; version=0.0.4' got
    grep -q '^gpuswap_info{provenance="double",scenario="a",' got
    grep -q '^gpuswap_gpu_memory_capacity_bytes{gpu="node-0/gpu-0"} 16777216$' got
    grep -Eq '^gpuswap_burst_response_seconds_count\{group="NB"\} [1-9]' got
    grep -Eq '^gpuswap_burst_response_seconds_sum\{group="NB"\} [0-9.]*[1-9]' got
    # each family once, with help and type before its samples; counters end in _total
    sed '1,/^$/d' got >body
    [ -z "$(grep '^# TYPE' body | sort | uniq -d)" ]
    [ "$(grep -c '^# TYPE' body)" -eq "$(grep -c '^# HELP' body)" ]
    [ -z "$(awk '$2 == "TYPE" && $4 == "counter" && $3 !~ /_total$/' body)" ]
    grep -v '^#' body | grep -Ev '^gpuswap_[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? [0-9.e+-]+$' >odd || true
    [ ! -s odd ]
    exec 5<>"/dev/tcp/127.0.0.1/$port"
    printf 'GET /other HTTP/1.0\r\n\r\n' >&5
    head -n 1 <&5 | grep -q '^HTTP/1.0 404'
    exec 5<>"/dev/tcp/127.0.0.1/$port"
    printf 'POST /metrics HTTP/1.0\r\n\r\n' >&5
    head -n 1 <&5 | grep -q '^HTTP/1.0 405'
    run "$GPUSWAP_SIM" live a.ini --device double --metrics "$port" --db other.db
    [ "$status" -eq 75 ]
    [ ! -e other.db ]
}

@test "a port that nobody chose is told, also where all else is quiet" {
    needs_double
    run --separate-stderr live --quiet --metrics 0
    [ "$status" -eq 0 ]
    [[ $stderr =~ ^"metrics: http://127.0.0.1:"([1-9][0-9]*)"/metrics"$ ]]
    run --separate-stderr live --quiet --metrics "${BASH_REMATCH[1]}" # which is known
    [ "$status" -eq 0 ]
    [ -z "$stderr" ]
}

@test "a client of the metrics that takes its time does not hold up the end" {
    needs_double
    begin_real --metrics 0 --set scenario.duration=1h
    port=$(sed -n 's|^metrics: http://127.0.0.1:\([0-9]*\)/metrics$|\1|p' err)
    (
        exec 5<>"/dev/tcp/127.0.0.1/$port"
        for _ in $(seq 600); do # for ten minutes, a byte at a time
            printf x >&5 2>/dev/null || break
            sleep 1
        done
    ) 3>&- &
    client=$!
    sleep 0.5
    kill -INT "$pid"
    timeout 100 tail --pid="$pid" -f /dev/null
    code=0
    wait "$pid" || code=$?
    kill "$client" || true
    [ "$code" -eq 130 ]
    [ "$(query 'select status from run')" = interrupted ]
}

@test "an interrupt ends it, with a report of what there was" {
    needs_double
    for signal in INT:130 TERM:143; do
        rm -f results.db
        begin_real --json r.json --set scenario.duration=1h
        kill "-${signal%:*}" "$pid"
        code=0
        wait "$pid" || code=$?
        [ "$code" -eq "${signal#*:}" ]
        grep -q "^INTERRUPTED after .*: all below is up to there" out
        grep -q "interrupted; the report and 'results.db' hold" err
        jq -e '.interrupted and .groups[0].completed > 0 and .simulated_s < 3600' r.json
        [ "$(query 'select status from run')" = interrupted ]
        "$GPUSWAP_SIM" report results.db | grep -q '^INTERRUPTED'
    done
}

@test "an interrupt in the warm-up leaves nothing to report" {
    needs_double
    "$GPUSWAP_SIM" live a.ini --device double --clock real --every 100ms --set scenario.warmup=2m >out 2>err &
    pid=$!
    wait_for err ' of 3 min: '
    kill -INT "$pid"
    code=0
    wait "$pid" || code=$?
    [ "$code" -eq 130 ]
    grep -q "says 'incomplete'" err
    [ "$(query 'select status from run')" = incomplete ]
}

@test "a second interrupt ends it at once" {
    needs_double
    GPUSWAP_DOUBLE="fault=cuLaunchKernel#40+=hang" "$GPUSWAP_SIM" live a.ini --device double --clock real --time-scale 5 \
        --every 100ms >out 2>err &
    pid=$!
    wait_for err ' [1-9] running'
    sleep 1
    kill -INT "$pid"
    sleep 1
    kill -0 "$pid"      # it waits for what is on the GPU, which never ends
    kill -INT "$pid"
    code=0
    wait "$pid" || code=$?
    [ "$code" -eq 130 ]
    [ "$(query 'select status from run')" = incomplete ]
}

@test "killed, it leaves nothing behind that is in the way of the next" {
    needs_double
    mkdir tmp
    export TMPDIR=$PWD/tmp GPUSWAP_DOUBLE="ledger=$PWD/ledger"
    before=$(find /dev/shm | sort)
    begin_real --set scenario.duration=1h --set scenario.record=events
    kill -KILL "$pid"
    wait "$pid" || true
    [ -z "$(ls tmp)" ]
    [ "$(find /dev/shm | sort)" = "$before" ]
    [ "$(query 'select status from run')" = incomplete ]
    run --separate-stderr "$GPUSWAP_SIM" audit results.db # of nothing: that is no '0 differences'
    [ "$status" -eq 65 ]
    [[ $stderr == *"run 1 of 'results.db' is incomplete: it ended before its events were kept"* ]]
    # the ledger knows a process that is no more, and GPUs of another size
    live --quiet --set node.gpu_memory=32MiB --set workload.NB.memory=20MiB
    [ "$(query 'select status from run')" = $'incomplete\ncomplete' ]
}
