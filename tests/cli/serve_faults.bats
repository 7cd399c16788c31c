#!/usr/bin/env bats
# serve_faults.bats - what goes wrong under the daemon harms nobody else: programs and daemons are killed, drivers fail, memory
# runs out, others knock at the socket.  SERVE_MORE=1 tries each call of the driver, and more moments.

# shellcheck disable=SC2154,SC2030,SC2031,SC2034
bats_require_minimum_version 1.5.0
load serve

setup() {
    node_setup
}

teardown() {
    node_teardown
}

# nobody COMMAND...: as another user, who may reach the socket.
nobody() {
    setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
}

open_node() {
    [ "$(id -u)" -eq 0 ] || skip "only root can be two users"
    chmod 711 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/test 2>/dev/null || true
    chmod 711 "$(dirname "$PWD")" "$PWD"
    nobody test -w "$(dirname "$GPUSWAP_SOCKET")" -o -x "$(dirname "$GPUSWAP_SOCKET")" || skip "others cannot reach the folder"
    nobody test -x "$GPUSWAP_SIM" || skip "others cannot reach the program"
}

@test "a program is killed at any moment: its place comes free, and the others' data stay right" {
    daemon
    start a "$(client once)" 12 28 60
    start b "$(client threads)" 12 28 60
    for i in 1 2 3 4 ${SERVE_MORE:+5 6 7 8 9 10 11 12}; do
        start "victim$i" "$(client chunks)" 100 28 30
        until_so process_called client_chunks
        sleep "0.$((i * 7 % 10))"
        kill -KILL "$(process_called client_chunks)"
        until_so has_ended "victim$i"
        [ "$(cat "victim$i.rc")" = 137 ]
    done
    fine a b
    until_so empty
    stop_daemon
}

@test "the daemon is killed at any moment: the next one finds all, and their data stay right" {
    daemon
    for name in a b c; do
        start "$name" "$(client once)" 25 28 60
    done
    for i in 1 2 3 ${SERVE_MORE:+4 5 6 7 8 9 10}; do
        sleep "0.$((i * 7 % 10))"
        kill -KILL "$daemon"
        wait "$daemon" || true
        mv results.db "killed$i.db"
        daemon
    done
    fine a b c
    until_so empty
    stop_daemon
}

@test "work that never ends: it keeps the GPU for three stop times, then the others run beside it" {
    stop_timeout=300ms
    daemon
    GPUSWAP_DOUBLE="$GPUSWAP_DOUBLE fault=cuLaunchKernel#4=hang" start a "$(client once)" 20 14 50
    until_so is_state NB-0 running
    start b "$(client once)" 6 14 50
    fine b
    [[ $(ctl status) == *"does not end"* ]]
    kill -KILL "$(process_of NB-0)"
    until_so empty
    stop_daemon
}

@test "a drop that nobody answers: a stopped program does not stop the others" {
    stop_timeout=300ms
    daemon
    start a "$(client busy)" 400 14 50
    until_so is_state NB-0 running
    stopped=$(process_of NB-0)
    kill -STOP "$stopped"
    start b "$(client once)" 6 14 50
    fine b
    kill -CONT "$stopped"
    kill -KILL "$stopped"
    until_so empty
    stop_daemon
}

@test "the driver cannot quiesce, save or load, once: told, tried again, nobody loses data" {
    for fault in Lock#1=600 Lock#2=600 Checkpoint#1=999 Restore#1=2 Unlock#1=401 GetState#3=999; do
        survives "cuCheckpointProcess$fault"
    done
}

@test "a call of the daemon's driver fails for ever: it says so, who is on the GPU runs on, and it ends well" {
    calls=(ProcessUnlock)
    [ -z "${SERVE_MORE:-}" ] || calls+=(Process{GetState,Lock,Checkpoint,Restore} nvmlDeviceGetMemoryInfo_v2)
    for call in "${calls[@]}"; do
        rm -rf results.db ./*.rc serve.err
        faults="fault=${call/#Process/cuCheckpointProcess}#3+=999" daemon
        start a "$(client once)" 6 28 50
        start b "$(client once)" 6 28 50
        until_so ended_or_told a b || { echo "with $call"; return 1; }
        for name in a b; do
            run ! grep -v '^burst [0-9]*: fine$' "$name.out"
        done
        for place in NB-0 NB-1; do
            if pid=$(process_of "$place"); then kill -KILL "$pid"; fi
        done
        until_so empty
        [ "$(wc -l <serve.err)" -lt 40 ]
        stop_daemon || { echo "with $call"; return 1; }
    done
}

@test "any call of the daemon's driver fails once: it says so, or goes on, and its programs go on" {
    [ -n "${SERVE_MORE:-}" ] || skip "the long tests do this"
    for call in cuCheckpointProcessGetState cuCheckpointProcessLock cuCheckpointProcessCheckpoint cuCheckpointProcessRestore \
        cuCheckpointProcessUnlock nvmlDeviceGetMemoryInfo_v2 nvmlDeviceGetComputeRunningProcesses_v3; do
        for fault in '#1=999' '#2=999' '#5=999' '#2=400' '#2=46'; do
            case $call$fault in nvml*Memory*#1=*) continue ;; esac # it does not begin then
            survives "$call$fault"
        done
    done
}

@test "somebody else has taken the room: a program comes back when there is room, not before" {
    daemon
    start a "$(client once)" 40 28 100
    until_so is_state NB-0 running
    start b "$(client once)" 2 28 50
    until_so swapped NB-0
    LD_LIBRARY_PATH=$build/double "$(client once)" 8 14 200 >foreign.out 2>&1 3>&- &
    started+=("$!")
    fine a b
    run ! grep -q 'is lost' serve.err
    until_so empty
    stop_daemon
}

@test "a full swap file: who does not fit waits, nobody fails" {
    sed -i 's/swap_file = .*/swap_file = 30MiB/' node.ini
    daemon
    for name in a b c; do
        start "$name" "$(client once)" 6 28 50
    done
    fine a b c
    until_so empty
    stop_daemon
}

@test "garbage from another user: refused, and the programs run on" {
    open_node
    daemon --open
    start a "$(client once)" 10 28 50
    start b "$(client once)" 10 28 50
    cat >flood.pl <<'END'
use Socket;
my ($path, $seconds) = @ARGV;
my ($end, @open) = (time + $seconds);
srand 1;
while (time < $end) {
    socket(my $s, AF_UNIX, SOCK_SEQPACKET, 0) or next;
    connect($s, pack_sockaddr_un($path)) or next;
    my $bytes = join '', map { chr int rand 256 } 1 .. int rand 700;
    for ($bytes, "SG\1\1" . $bytes, pack('vCCVQQQQVVa16', 0x5347, 1, 1 + int rand 12, 1, 1, 1, 1, 1, 1, 1, ''),
        "priority NB-0 " . int rand 300, "attach group=NB pid=1", "stop", "request NB-0", "pin NB-1") {
        send $s, $_, 0x4000;
    }
    push @open, $s if @open < 400;
}
END
    cp flood.pl /tmp/flood.$$.pl
    nobody perl /tmp/flood.$$.pl "$GPUSWAP_SOCKET" 4
    rm -f /tmp/flood.$$.pl
    fine a b
    [ "$(ctl status --json | grep -c pinned.:true)" -eq 0 ]
    until_so empty
    stop_daemon
}

@test "another user: sees, touches and takes in nothing of others; without --open he may not even ask" {
    open_node
    daemon --open
    start a "$(client once)" 100 28 100
    until_so is_state NB-0 running
    pid=$(process_of NB-0)
    [[ $(nobody "$GPUSWAP_SIM" ctl status) == *"no programs here that are yours"* ]]
    for words in "pin NB-0" "unpin NB-0" "request NB-0" "priority NB-0 1"; do
        # shellcheck disable=SC2086
        run nobody "$GPUSWAP_SIM" ctl $words
        [ "$status" -ne 0 ]
        [[ $output == *"there is no 'NB-0' here that is yours"* ]]
    done
    run nobody "$GPUSWAP_SIM" ctl attach "$pid" --group NB
    [ "$status" -ne 0 ]
    run nobody "$GPUSWAP_SIM" ctl attach "$$" --group NB
    [ "$status" -ne 0 ]
    [[ $output == *"belongs to somebody else"* ]]
    for word in drain stop; do
        run nobody "$GPUSWAP_SIM" ctl $word
        [ "$status" -ne 0 ]
        [[ $output == *"only root"* ]]
    done
    [ "$(stat -c %a sock.guests)" = 600 ]
    kill -KILL "$pid"
    until_so empty
    stop_daemon
    daemon
    run nobody "$GPUSWAP_SIM" ctl status
    [ "$status" -eq 77 ]
    stop_daemon
}

@test "the daemon ends while a program is held on the GPU: it goes on, though as much memory again is not free" {
    sed -i 's/memory = 30MiB/memory = 40MiB/' node.ini
    daemon
    start b "$(client once)" 3000 10 400
    until_so is_state NB-0 running
    ctl pin NB-0
    GPUSWAP_LIBCUDA='' LD_LIBRARY_PATH=$build/double "$(client once)" 3000 35 10 >outside.out 2>outside.err 3>&- &
    started+=("$!")
    until_so grep -q 'burst 1' outside.out
    ctl attach "$!" --group NB
    kill -INT "$daemon"
    wait "$daemon"
    run ! grep -q 'stays off' serve.err
    said=$(wc -l <outside.out)
    goes_on() {
        [ "$(wc -l <outside.out)" -gt "$((said + 2))" ]
    }
    until_so goes_on
}

@test "turns that are over before the driver lets a program go on: they end all the same" {
    sed -i 's/slicer.quantum = .*/slicer.quantum = 1ms/' node.ini
    daemon
    for name in one two; do
        GPUSWAP_LIBCUDA='' LD_LIBRARY_PATH=$build/double "$(client busy)" 100000 10 1 >$name.out 2>$name.err 3>&- &
        started+=("$!")
        until_so grep -q 'burst 1' $name.out
        ctl attach "$!" --group NB
    done
    for name in one two; do
        until_so grep -q 'burst 60:' $name.out
    done
    stop_daemon
}

@test "the daemon has no files left for a while: what it cannot do it does not take for done, and goes on after" {
    daemon
    for name in a b; do
        start $name "$(client once)" 30 28 50
    done
    until_so swapped NB-0
    prlimit --pid "$daemon" --nofile=8:
    sleep 2
    prlimit --pid "$daemon" --nofile=1024:
    fine a b
    until_so empty
    stop_daemon
}

@test "the next daemon's scenario has no place for a program: it does not start, and the one after finds it" {
    daemon
    start a "$(client once)" 30 28 60
    until_so is_state NB-0 running
    start b "$(client once)" 30 28 60
    until_so eval 'ctl status | grep -q away'
    kill -KILL "$daemon"
    wait "$daemon" || true
    mv results.db first.db
    for change in 's/workload.NB/workload.XX/' 's/count = 6/count = 1/'; do
        sed "$change" node.ini >other.ini
        run timeout 20 "$GPUSWAP_SIM" serve other.ini --device double --db other.db
        [ "$status" -ne 0 ]
        [[ $output == *"in [workload.NB], and the scenario has no such place left: leave"* ]]
        [ "$(grep -c ^NB sock.guests)" -eq 2 ]
    done
    daemon
    fine a b
    until_so empty
    stop_daemon
}
