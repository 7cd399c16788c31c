#!/usr/bin/env bats
# serve_storage.bats - programs off the GPU lie in the daemon's own swap file, on a double whose driver lets it: what is copied,
# what a full file or a call that fails costs, and what is left when the daemon is killed.  SERVE_MORE=1 lets more calls fail.

# shellcheck disable=SC2154,SC2030,SC2031,SC2034
bats_require_minimum_version 1.5.0
load serve

setup() {
    node_setup
    [ "$(df --output=avail -k /dev/shm | tail -n 1)" -gt 300000 ] || skip "no room in /dev/shm"
    file=$(mktemp -u /dev/shm/gpuswap-test.XXXXXX)
    sed -i 's/swap_file = .*/swap_file = 160MiB/' node.ini
    GPUSWAP_DOUBLE="$GPUSWAP_DOUBLE driver=13040"
}

teardown() {
    node_teardown
    [ -z "${file:-}" ] || rm -f "$file"
}

own() {
    daemon --swap-file "$file" "$@"
}

stored() { # stored PLACE: bytes of it in the file
    ctl status --json | grep "\"place\":\"$1\"" | sed 's/.*"stored":\([0-9]*\).*/\1/'
}

is_stored() { # is_stored PLACE: it is off the GPU, and its bytes are in the file
    is_state "$1" away && [ "$(stored "$1")" -gt $((28 << 20)) ]
}

# Slots' labels, from byte 64 on, 32 bytes each: start, bytes, pid, part, state.
labels() {
    perl -e 'open F, "<:raw", $ARGV[0]; read F, $h, 64; my (undef, $slots) = unpack "a8V", $h;
        for (0 .. $slots - 1) { read F, $l, 32; my ($s, $b, $p, $part, $st) = unpack "QQlLL", $l;
        print "$_ $p $part $st\n" if $p }' "$file"
}

swap_two_labels() { # of the process $1: its first two slots change places
    perl -e 'open F, "+<:raw", $ARGV[0]; my @at; read F, $h, 64; my (undef, $slots) = unpack "a8V", $h;
        for (0 .. $slots - 1) { read F, $l, 32; my (undef, undef, $p, $part) = unpack "QQlL", $l;
        $at[$part] = $_ if $p == $ARGV[1] }
        for ([$at[1], 2], [$at[2], 1]) { seek F, 64 + 32 * $_->[0] + 20, 0; print F pack "L", $_->[1] }' "$file" "$1"
}

@test "five programs with three times the memory of the GPU: their data go through the file, and stay right" {
    own --rule 'command=gpuswap-sim:NB' # it has the GPUs open itself, and does not serve itself
    [ "$(stat -c %a "$file")" = 600 ]
    for name in once threads chunks anew busy; do
        start "$name" "$(client "$name")" 8 28 50
    done
    until_so test -n "$(until_so swapped NB-0; labels)"
    fine once threads chunks anew busy
    until_so empty
    stop_daemon
    run ! grep -q 'stays on the GPU\|lost' serve.err
    [ ! -e "$file" ]
}

@test "what a program has is in the file, and not in its own memory" {
    own
    two_programs
    pid=$(process_of NB-0)
    [ "$(sed -n 's/^RssAnon:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$pid/status")" -lt 20000 ]
    [ "$(labels | awk -v pid="$pid" '$2 == pid' | wc -l)" -eq 15 ]
    for place in NB-0 NB-1; do
        kill -KILL "$(process_of $place)"
    done
    until_so empty
    stop_daemon
    [ ! -e "$file" ]
}

# Two programs of 28 MiB: NB-0 is off the GPU, at rest in the file, as the other is pinned.
two_programs() {
    start a "$(client once)" 10 28 60
    until_so is_state NB-0 running
    start b "$(client once)" 10000 28 60
    until_so is_state NB-1 '.*'
    ctl pin NB-1
    ctl request NB-1
    until_so "${1:-is_stored}" NB-0
}

away() {
    is_state "$1" away
}

# NB-1 ends, so that NB-0 comes back.
end_other() {
    ctl unpin NB-1
    kill -KILL "$(process_of NB-1)"
}

killed() {
    kill -KILL "$daemon"
    wait "$daemon" || true
    mv results.db "killed$((++kills)).db"
}

@test "two slots change places under a program that is away: its own check of its data sees it" {
    own
    two_programs
    swap_two_labels "$(process_of NB-0)"
    end_other
    until_so has_ended a
    [ "$(cat a.rc)" = 1 ]
    grep -q 'words are wrong' a.out
    until_so empty
    stop_daemon
}

@test "the daemon is killed while programs lie in the file: the next one finds them there" {
    own
    two_programs
    killed
    [ "$(labels | awk '$3 == 0 && $4 == 2' | wc -l)" -eq 1 ]
    own
    until_so is_stored NB-0
    end_other
    fine a
    run ! grep -q 'lost' serve.err
    until_so empty
    stop_daemon
    [ ! -e "$file" ]
}

@test "a daemon without the file, or with another: it does not start; and without what lay there, programs are lost and told" {
    own
    two_programs
    killed
    cp sock.guests listed
    for option in "" "--swap-file $file.other"; do
        # shellcheck disable=SC2086
        run timeout 20 "$GPUSWAP_SIM" serve node.ini --device double --db other.db $option
        [ "$status" -ne 0 ]
        [[ $output == *"lie in '$file': start it with --swap-file $file"* ]]
    done
    sed -i 's/swap_file = .*/swap_file = 140MiB/' node.ini
    run timeout 20 "$GPUSWAP_SIM" serve node.ini --device double --db other.db --swap-file "$file"
    [ "$status" -ne 0 ]
    [[ $output == *"programs lie there"* ]]
    rm "$file"
    for option in "" "--swap-file $file"; do
        : >serve.err
        # shellcheck disable=SC2086
        daemon $option
        until_so is_state NB-0 lost
        grep -q "'NB-0' is lost" serve.err
        [ -z "$option" ] || break
        killed
        cp listed sock.guests
    done
    kill -KILL "$(process_of NB-0)"
    end_other
    until_so empty
    stop_daemon
}

@test "a daemon without a file put it away, the next has one and ends before it is back: the third finds it" {
    daemon
    two_programs away
    GPUSWAP_LIBCUDA='' LD_LIBRARY_PATH=$build/double "$(client once)" 10000 28 400 >outside.out 2>outside.err 3>&- &
    outside=$!
    started+=("$outside")
    until_so grep -q 'burst 1' outside.out # so there is no room for NB-0
    for option in "" "--swap-file $file" "--swap-file $file"; do
        killed
        # shellcheck disable=SC2086
        daemon $option
        until_so is_state NB-0 away
        until_so test -s sock.guests
    done
    run ! grep -q 'is lost' serve.err
    kill -KILL "$outside"
    end_other
    fine a
    until_so empty
    stop_daemon
}

saving() { # a program's slots are taken, and not filled
    labels | grep -q ' 0 0$'
}

loading() {
    ctl status | grep -q coming
}

@test "the daemon is killed in the midst of a copy: that program is lost, and told; the others go on" {
    GPUSWAP_DOUBLE="$GPUSWAP_DOUBLE out=25MB/s in=25MB/s"
    for moment in saving loading; do
        rm -f results.db ./*.rc serve.err
        own
        start a "$(client once)" 8 28 60
        start b "$(client once)" 8 28 60
        until_so $moment
        killed
        own
        until_so eval 'ctl status | grep -q lost'
        grep -q 'is lost: its memory was being moved' serve.err
        lost=$(ctl status | sed -n 's/^\(NB-[0-9]*\) *lost.*/\1/p')
        [ "$(wc -l <<<"$lost")" -eq 1 ]
        kill -KILL "$(process_of "$lost")"
        until_so grep -qx 137 a.rc b.rc
        other=a
        if grep -qsx 137 a.rc; then
            other=b
        fi
        fine "$other"
        until_so empty
        stop_daemon
        [ ! -e "$file" ]
    done
}

@test "a call fails once: it is tried again or undone, and nobody loses data" {
    faults_once=(cuCheckpointProcessCheckpoint#1=999 cuCheckpointOperationComplete#2=401 cuMemcpyDtoHAsync#9=1
        cuMemcpyHtoDAsync#3=999)
    [ -z "${SERVE_MORE:-}" ] || faults_once+=(cuCheckpointProcessLock#1=600 cuCheckpointProcessRestore#1=2 cuCheckpointProcessUnlock#1=401
        cuCheckpointProcessGetState#3=999 cuCheckpointOperationComplete#1=999 cuMemcpyDtoHAsync#1=999
        cuMemcpyHtoDAsync#9=1 cuStreamGetCtx#1=400 cuStreamGetCtx#2=999 cuStreamSynchronize#1=999 cuStreamSynchronize#2=999
        cuCtxSetCurrent#2=999)
    for fault in "${faults_once[@]}"; do
        survives "$fault" --swap-file "$file"
        run ! grep -q lost serve.err
    done
}

@test "copies fail for good: the program is lost, told, and does not go on with wrong data; the others run" {
    for fault in cuMemcpyDtoHAsync#3+=999 cuMemcpyHtoDAsync#3+=999 \
        ${SERVE_MORE:+cuCheckpointOperationComplete#1+=999 cuCheckpointOperationComplete#2+=999}; do
        rm -rf results.db ./*.rc serve.err
        faults="fault=$fault" own
        start a "$(client once)" 100 28 50
        until_so is_state NB-0 running
        start b "$(client once)" 100 28 50
        until_so eval 'ctl status | grep -q lost' || { echo "with $fault"; return 1; }
        grep -q 'is lost' serve.err
        sleep 1
        run ! grep -q wrong a.out b.out
        for pid in dir/[0-9]*; do
            [ "${pid#dir/}" = "$daemon" ] || kill -KILL "${pid#dir/}" || true
        done
        until_so empty
        stop_daemon || { echo "with $fault"; return 1; }
        [ ! -e "$file" ]
    done
}

@test "a full file: who does not fit waits, nobody fails" {
    sed -i 's/swap_file = .*/swap_file = 30MiB/' node.ini
    own
    for name in a b c; do
        start "$name" "$(client once)" 6 28 50
    done
    fine a b c
    until_so empty
    stop_daemon
}

@test "a driver that does not say how much a program has, or without the call; a file on a disk, or of somebody else" {
    sed -i 's/memory = 30MiB/memory = 20MiB/' node.ini
    GPUSWAP_DOUBLE="$GPUSWAP_DOUBLE unseen=yes" own
    GPUSWAP_DOUBLE="$GPUSWAP_DOUBLE unseen=yes" start a "$(client once)" 1000 20 50
    GPUSWAP_DOUBLE="$GPUSWAP_DOUBLE unseen=yes" start b "$(client once)" 1000 20 50
    until_so is_state NB-1 running # else a third may have come and gone before the second
    GPUSWAP_DOUBLE="$GPUSWAP_DOUBLE unseen=yes" start c "$(client once)" 2 14 50
    until_so eval 'ctl status | grep -q "does not tell how much"'
    run timeout 20 "$GPUSWAP_SIM" serve node.ini --socket other --device double --db other.db --swap-file "$file"
    [ "$status" -ne 0 ]
    [[ $output == *"another daemon has it"* ]]
    for place in NB-0 NB-1 NB-2; do
        kill -KILL "$(process_of $place)" || true
    done
    until_so empty
    stop_daemon
    for words in "$PWD/file:it is to lie in memory" "/dev/shm:swap file '/dev/shm'" "file:a path from the root" \
        "/nowhere/at/all:No such file"; do
        run timeout 20 "$GPUSWAP_SIM" serve node.ini --device double --db other.db --swap-file "${words%%:*}"
        [ "$status" -ne 0 ]
        [[ $output == *"${words#*:}"* ]]
    done
    [ ! -e file ]
    sed -i 's/swap_file = .*/swap_file = 900GiB/' node.ini
    run timeout 20 "$GPUSWAP_SIM" serve node.ini --device double --db other.db --swap-file "$file"
    [ "$status" -ne 0 ]
    [[ $output == *"MiB left"* ]]
    [ ! -e "$file" ]
    GPUSWAP_DOUBLE="$GPUSWAP_DOUBLE driver=13030"
    run timeout 20 "$GPUSWAP_SIM" serve node.ini --device double --db other.db --swap-file "$file"
    [ "$status" -ne 0 ]
    [[ $output == *"the driver knows CUDA 13.3"*"615"* ]]
}
