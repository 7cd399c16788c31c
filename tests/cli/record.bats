#!/usr/bin/env bats
# record.bats - what is recorded of known loads on the driver double is what they did, within the resolution that is stated;
# and what cannot be seen is said.

bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
    build=$(dirname "$GPUSWAP_SIM")
    [ -e "$build/double/libcuda.so.1" ] || skip "built without the CUDA headers"
    export GPUSWAP_LIBCUDA=$build/double/libcuda.so.1 GPUSWAP_LIBNVML=$build/double/libnvidia-ml.so.1
    like sample=167ms
    "$build/tests/cuda_load" 1 0 0 0 >/dev/null # makes the ledger
}

# like OPTION...: the double, as loads and the recorder are to see it.
like() {
    export GPUSWAP_DOUBLE="ledger=$PWD/ledger real_clock=yes memory=256MiB granularity=1MiB $*"
}

# begin [OPTION...]: record a.gst in the background, from here on.  It runs without a CUDA driver, as it must never ask one.
begin() {
    GPUSWAP_LIBCUDA=/nonexistent "$GPUSWAP_SIM" record -o a.gst "$@" 2>log 3>&- &
    recorder=$!
    until [ -e a.gst.samples.csv ]; do sleep 0.05; done
}

# end: as Ctrl-C does.
end() {
    kill -INT $recorder || true
    status=0
    wait $recorder || status=$?
    stderr=$(cat log)
}

# load CHUNKS BURST_MS PAUSE_MS BURSTS GROW_AT LINGER_MS; says what it did.
load() {
    "$build/tests/cuda_load" "$@"
}

# record [OPTION...]: it runs without a CUDA driver, as it must never ask one.
record() {
    run --separate-stderr env GPUSWAP_LIBCUDA=/nonexistent "$GPUSWAP_SIM" record "$@"
}

# meta KEY: a header's value.
meta() {
    sed -n "s/^#meta,$1,//p" a.gst
}

busy_us() {
    awk -F, '$2 == "B" { us += $4 } END { print us + 0 }' a.gst
}

# near VALUE WANTED SLACK
near() {
    local off=$(($1 - $2))
    [ "${off#-}" -le "$3" ] || { echo "$1 is not within $3 of $2"; return 1; }
}

@test "bursts and memory of a known load, within the stated resolution" {
    begin
    said=$(load 20 300 500 3 2 400)
    read -r _ pid _ busy_ms _ first last <<<"$said"
    end
    [ "$status" -eq 0 ]
    [[ $stderr == *"a.gst: 1 process, 3 bursts, "* ]]
    "$GPUSWAP_SIM" trace check a.gst
    [ "$(meta resolution)" -eq 167000 ]
    # each burst may lose or win half a percent of each period that it touches, and none the rest
    near "$(busy_us)" $((busy_ms * 1000)) 15000
    [[ $(grep ,W, a.gst) == *",cuda_load-$pid-"*.gpu0,n,1,* ]]
    bytes=$(awk -F, '$2 == "W" { print $6 } $2 == "M" { print $4 }' a.gst)
    grep -qx "$first" <<<"$bytes"
    grep -qx "$last" <<<"$bytes"
    # starts of bursts: two of them 800 ms apart or more, as the load was late or not, and a period more or less
    mapfile -t starts < <(awk -F, '$2 == "B" { print $1 }' a.gst)
    [ $((starts[1] - starts[0])) -ge $((800000 - $(meta coarsest))) ]
    [ ! -e a.gst.samples.csv ]
    grep -q '^#assume,mem,allocated; .*not the working set' a.gst
}

@test "replayed, it keeps the GPU busy for as long as the load did" {
    begin
    said=$(load 20 200 400 3 0 400)
    read -r _ _ _ busy_ms _ <<<"$said"
    end
    "$GPUSWAP_SIM" replay a.gst --quiet --json - >report.json
    useful=$(jq '.gpus[0].useful * .simulated_s * 1e6 | round' report.json)
    near "$useful" $((busy_ms * 1000)) 20000
    [ "$(jq '.groups[0].completed' report.json)" -eq 3 ]
    near "$(jq '.gpus[0].resident_bytes_mean | round' report.json)" $((22 << 20)) $((11 << 20))
}

@test "what is shorter than the driver's period is not seen, and not made up: its work is" {
    like sample=500ms
    begin --period 50ms
    said=$(load 4 20 20 40 0 1100)
    read -r _ _ _ busy_ms _ <<<"$said"
    end
    [ "$status" -eq 0 ]
    [ "$(meta resolution)" -eq 500000 ]
    near "$(busy_us)" $((busy_ms * 1000)) 30000
    [ "$(grep -c ,B, a.gst)" -le 2 ] # of 40
}

@test "an interrupt ends it with a whole trace; a kill leaves samples that make one" {
    begin --quiet
    load 4 200 100 2 0 400
    end
    [ "$status" -eq 0 ]
    "$GPUSWAP_SIM" trace check a.gst
    [ "$(grep -c ,B, a.gst)" -ge 1 ]
    rm a.gst

    begin
    load 4 200 100 2 0 400
    kill -KILL $recorder
    wait $recorder || true
    [ ! -e a.gst ]
    record -o a.gst --duration 1s
    [ "$status" -eq 73 ]
    [[ $stderr == *"'a.gst.samples.csv' is left of a recording that was cut off; make a trace of it with 'gpuswap-sim trace import"* ]]
    again=${stderr#*with \'gpuswap-sim }
    # shellcheck disable=SC2086
    "$GPUSWAP_SIM" ${again%%\'*} 2>log
    "$GPUSWAP_SIM" trace check a.gst
    [ "$(grep -c ,B, a.gst)" -ge 1 ]
}

@test "several processes, also where the driver's entries are larger than they should be" {
    for stride in 24 32; do
        like sample=167ms stride=$stride
        begin
        load 10 100 100 2 0 600 &
        load 30 100 200 2 0 600
        wait $!
        end
        [ "$status" -eq 0 ]
        [[ $stderr == *"a.gst: 2 processes, "* ]]
        # a context of 2 MiB and a page each
        [ "$(awk -F, '$2 == "M" || $2 == "W" { n = $2 == "W" ? $6 : $4; if (n > most[$3]) most[$3] = n }
            END { for (id in most) print int(most[id] / 1048576) }' a.gst | sort -n | xargs)" = "12 32" ]
        rm a.gst
    done
}

@test "GPUs that do not tell their processes' use" {
    like no_use=yes
    begin
    load 4 300 300 2 0 400
    end
    [[ $stderr == *"note: GPU 0 does not tell its processes' use: where one was alone, it is charged for all"* ]]
    near "$(busy_us)" 600000 15000
    rm a.gst
    like mig=yes
    begin
    load 4 300 300 1 0 1200
    end
    [ "$status" -eq 0 ]
    [[ $stderr == *"note: GPU 0 is parted (MIG): the driver tells memory of its processes, and not their use"* ]]
    [ "$(busy_us)" -eq 0 ]
    "$GPUSWAP_SIM" trace check a.gst
}

@test "a GPU that is lost ends the trace, a list that is refused is told of" {
    load 4 300 300 3 0 2000 >/dev/null 3>&- &
    sleep 0.3
    like "fault=nvmlDeviceGetComputeRunningProcesses_v3#10+=15"
    record -o a.gst --duration 30s
    [ "$status" -eq 69 ]
    [[ $stderr == *"gpuswap-sim: GPU 0 is lost; what was recorded until then is in 'a.gst'"* ]]
    "$GPUSWAP_SIM" trace check a.gst
    like "fault=nvmlDeviceGetComputeRunningProcesses_v3#3=4"
    record -o a.gst --duration 500ms
    [ "$status" -eq 0 ]
    [[ $stderr == *"note: 1 times the list of processes was refused: not permitted to this user"* ]]
    like "fault=nvmlDeviceGetComputeRunningProcesses_v3#1+=4"
    record -o a.gst --duration 500ms
    [ "$status" -eq 77 ]
    [[ $stderr == *"GPU 0: its processes: not permitted to this user; ask as root"* ]]
    kill %1
}

@test "what it refuses" {
    record --duration 1s
    [ "$status" -eq 64 ]
    record -o a.gst --period 10ms
    [ "$status" -eq 64 ]
    [[ $stderr == *"--period '10ms': at least 20ms; the driver averages over 167ms to 1s"* ]]
    record -o a.gst --gpu 7
    [ "$status" -eq 69 ]
    [[ $stderr == *"there is no GPU '7'; there are 1, from 0 on"* ]]
    record -o a.gst --gpu 0 --gpu 0
    [ "$status" -eq 64 ]
    record -o a.gst -O clas=training
    [ "$status" -eq 65 ]
    [[ $stderr == *"did you mean 'class'?"* ]]
    record -o /nonexistent/a.gst
    [ "$status" -eq 73 ]
    record -o a.gst --duration 300ms
    [ "$status" -eq 66 ]
    [[ $stderr == *"no process was seen on the GPU, so there is no trace"* ]]
    record -o a.gst --gpu GPU-67707573-7761-702d-646f-75626c652d00 --duration 300ms
    [ "$status" -eq 66 ]
    GPUSWAP_LIBNVML=/nonexistent record -o a.gst
    [ "$status" -eq 69 ]
    [ -z "$(ls a.gst* 2>/dev/null)" ]
}
