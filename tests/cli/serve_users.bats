#!/usr/bin/env bats
# serve_users.bats - what other users of the node try on the daemon: its socket, others' places, numbers, tickets and names.

# shellcheck disable=SC2154,SC2030,SC2031,SC2034,SC2016
bats_require_minimum_version 1.5.0
load serve

setup() {
    node_setup
    [ "$(id -u)" -eq 0 ] || skip "only root can be several users"
    chmod 711 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/test "$(dirname "$PWD")" "$PWD" 2>/dev/null || true
    : >dir/ledger # of all: the double's, as a driver's is
    chmod 777 dir
    chmod 666 dir/ledger
    mallory test -x "$PWD" || skip "others cannot reach the folder"
    mallory test -x "$GPUSWAP_SIM" || skip "others cannot reach the program"
    knock=$PWD/knock.pl
    cp "$BATS_TEST_DIRNAME/knock.pl" "$knock"
    chmod 755 "$knock"
}

teardown() {
    node_teardown
}

alice() (
    umask 000 # the double's socket is in the folder, and root may have no rights but one
    exec setpriv --reuid 65533 --regid 65533 --clear-groups "$@"
)

mallory() (
    umask 000
    exec setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
)

# start_as USER NAME PROGRAM...: `start`, as a user.
start_as() {
    local user=$1 name=$2

    shift 2
    (
        status=0
        ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0 "$user" "$GPUSWAP_SIM" exec --group NB -- "$@" \
            >"$name.out" 2>"$name.err" || status=$?
        echo "$status" >"$name.rc"
    ) 3>&- &
}

ticket_of() { # ticket_of PLACE
    tr '\0' '\n' <"/proc/$(process_of "$1")/environ" | sed -n 's/^GPUSWAP_TICKET=//p'
}

processes_of() { # processes_of PLACE
    ctl status --json | sed -n "s/.*\"place\":\"$1\".*\"processes\":\([0-9]*\),.*/\1/p"
}

@test "a ticket is good for processes of the user who has it alone, whoever began the program" {
    daemon --open
    start_as alice a "$(client once)" 300 14 100
    until_so is_state NB-0 '\(running\|idle\)'
    start b "$(client once)" 300 14 100
    until_so is_state NB-1 '\(running\|idle\)'
    for place in NB-0 NB-1; do
        ticket=$(ticket_of "$place")
        [ "${#ticket}" -eq 16 ]
        # 8: BYE, 2: WELCOME
        [ "$(mallory "$knock" sock "HELLO:$ticket")" = "frame 8" ]
        [ "$(mallory "$knock" sock HELLO)" = "frame 8" ]
        [ "$(processes_of "$place")" = 1 ]
    done
    ticket=$(ticket_of NB-0)
    [ "$(alice "$knock" sock "HELLO:$ticket")" = "frame 2" ]
    [ "$(alice "$knock" sock HELLO:0000000000000000)" = "frame 8" ]
    for place in NB-0 NB-1; do
        kill -KILL "$(process_of $place)"
    done
    until_so empty
    stop_daemon
}

@test "a connection is worth what the process that made it was, not who has its number now" {
    unshare --pid --fork true 2>/dev/null || skip "no namespace of process numbers to be had"
    cat >numbers.sh <<'INNER'
mount -t proc proc /proc || exit 77
daemon --open
knocker() {
    rm -f pid "$1"
    HEIR=$1 mallory "$knock" sock "${@:2}" >"$1.heard" 3>&- &
    until_so test -s "$1.heard"
    pid=$(head -n 1 "$1.heard")
    until_so test ! -e "/proc/$pid"
}
# take NUMBER PROGRAM...: another user's program gets the number of a process that has connected, and ended
take() {
    local number=$1 try

    for try in 1 2 3 4 5; do
        echo $((number - 1)) >/proc/sys/kernel/ns_last_pid
        setpriv --reuid 65533 --regid 65533 --clear-groups "${@:2}" >"$try.out" 2>&1 3>&- &
        [ $! -ne "$number" ] || return 0
        kill -KILL $!
        wait $!
    done
    exit 3
}
answered() {
    [ "$(wc -l <"$1.heard")" -gt 1 ]
}
knocker gate HELLO
take "$pid" "$GPUSWAP_SIM" exec --group NB -- "$(client once)" 300 14 100
until_so is_state 'NB-.' '\(running\|idle\)'
touch gate
until_so answered gate
kill -KILL "$pid"
until_so empty
knocker words "attach group=NB"
take "$pid" sleep 60
touch words
until_so answered words
empty || exit 4
kill -KILL "$pid"
ctl stop
wait "$daemon"
INNER
    {
        declare -f node_setup node_teardown until_so ctl daemon client empty is_state mallory
        declare -p build GPUSWAP_SIM GPUSWAP_SOCKET GPUSWAP_LIBNVML GPUSWAP_DOUBLE knock
        echo "started=()"
        cat numbers.sh
    } >all.sh
    run unshare --pid --fork --mount bash all.sh
    [ "$status" -ne 77 ] || skip "no /proc of one's own to be had"
    [ "$status" -eq 0 ] || { echo "$status: $output"; cat ./*.heard; false; }
    [ "$(tail -n +2 gate.heard)" = "frame 8" ]
    [[ $(tail -n +2 words.heard) == "error: "* ]]
}

@test "the socket: in no folder of others, once, and nobody else's is taken away" {
    mkdir -p open and/closed
    chmod 1777 open
    run -77 "$GPUSWAP_SIM" serve node.ini --device double --db x.db --socket open/sock
    [[ $output == *"other users may write there"* ]]
    chown 65534 and/closed
    run -77 "$GPUSWAP_SIM" serve node.ini --device double --db x.db --socket and/closed/sock
    # another program's socket, of another type, too
    for type in STREAM SEQPACKET; do
        perl -MSocket -e 'socket($s, AF_UNIX, SOCK_'$type', 0); bind($s, pack_sockaddr_un("theirs")); listen($s, 1); sleep 60' 3>&- &
        started+=("$!")
        until_so test -S theirs
        run timeout 20 "$GPUSWAP_SIM" serve node.ini --device double --db x.db --socket theirs
        [ "$status" -eq 75 ]
        [[ $output == *"somebody else has that socket open"* ]]
        [ -S theirs ]
        kill "${started[-1]}"
        rm theirs
    done
    # a daemon that answers nobody has its socket all the same
    daemon
    kill -STOP "$daemon"
    TIMES=100 timeout 5 "$knock" sock 3>&- & # more than may wait: it hangs, and is ended
    sleep 1
    run timeout 20 "$GPUSWAP_SIM" serve node.ini --device double --db x.db
    [ "$status" -eq 75 ]
    [[ $output == *"a daemon serves there already"* ]]
    kill -CONT "$daemon"
    wait "$!" || true
    until_so ctl status
    stop_daemon
}

@test "a daemon of another user is not believed: it would name the library that a program is to load" {
    mkdir theirs
    chown 65534 theirs
    mallory perl -MSocket -e 'socket($s, AF_UNIX, SOCK_SEQPACKET, 0); bind($s, pack_sockaddr_un("theirs/sock"));
        chmod 0777, "theirs/sock"; listen($s, 9);
        while (accept($c, $s)) { recv $c, $t, 999, 0; send $c, "ok: place=A-0 gpu=0 ticket=0 driver=/tmp/evil.so", 0 }' 3>&- &
    started+=("$!")
    until_so test -S theirs/sock
    run -77 "$GPUSWAP_SIM" exec --socket theirs/sock --group NB -- sh -c 'echo ran with "$GPUSWAP_LIBCUDA"'
    [[ $output == *"user 65534 serves there, who is neither root nor you"* ]]
    [[ $output != *"ran with"* ]]
    run -77 "$GPUSWAP_SIM" ctl status --socket theirs/sock
    run mallory env ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0 "$GPUSWAP_SIM" exec --socket theirs/sock --group NB -- sh -c 'echo ran with "$GPUSWAP_LIBCUDA"'
    [[ $output == *"ran with /tmp/evil.so"* ]] # his own: his business
}

@test "what the daemon writes is its user's alone, and a list that is not is not read" {
    umask 000
    daemon --open
    start a "$(client once)" 100 14 100
    until_so is_state NB-0 '\(running\|idle\)'
    for file in results.db sock.guests sock.lock; do
        [ "$(stat -c %a $file)" = 600 ] || { stat -c '%a %n' $file; false; }
    done
    kill -KILL "$daemon"
    wait "$daemon" || true
    mv results.db first.db
    cp sock.guests list
    chown 65534 sock.guests
    daemon --open
    empty
    kill -KILL "$daemon"
    wait "$daemon" || true
    rm results.db
    cp list sock.guests # the same by the daemon's user: it is
    chown 0 sock.guests
    daemon --open
    until_so is_state NB-0 '.*'
    kill -KILL "$(process_of NB-0)"
    until_so empty
    ctl stop
    wait "$daemon"
}

@test "root of a namespace of one's own is nobody here" {
    mallory unshare --user --map-root-user true 2>/dev/null || skip "no namespaces of users to be had"
    daemon --open
    start a "$(client once)" 100 14 100
    until_so is_state NB-0 '\(running\|idle\)'
    [ "$(mallory unshare --user --map-root-user id -u)" = 0 ]
    run mallory unshare --user --map-root-user "$knock" sock stop
    [[ $output == *"only root"* ]]
    run mallory unshare --user --map-root-user "$knock" sock "pin NB-0"
    [[ $output == *"there is no 'NB-0' here that is yours"* ]]
    run mallory unshare --user --map-root-user "$knock" sock "attach group=NB pid=$(process_of NB-0)"
    [[ $output == "error: "* ]]
    kill -KILL "$(process_of NB-0)"
    until_so empty
    stop_daemon
}

@test "more than there is: memory that no GPU has, words without end, answers that nobody reads" {
    daemon --open
    for bytes in 67108865 9223372036854775807; do
        [[ $(mallory "$knock" sock "attach group=NB memory=$bytes") == *"no GPU here has so much memory"* ]]
    done
    [ "$(mallory "$knock" sock "status $(head -c 600 /dev/zero | tr '\0' x)")" = closed ]
    start a "$(client once)" 10 28 50
    start b "$(client once)" 10 28 50
    mallory perl -MSocket -e 'socket($s, AF_UNIX, SOCK_SEQPACKET, 0); connect($s, pack_sockaddr_un("sock")) or die;
        for (1 .. 100000) { defined send($s, "status", 0) or last }' 3>&-
    fine a b
    until_so empty
    stop_daemon
}

@test "a flood of questions makes its sender wait, and nobody else" {
    daemon --open
    start a "$(client once)" 400 14 20
    until_so is_state NB-0 '\(running\|idle\)'
    mallory perl -MSocket -e '
        for (1 .. 250) { socket(my $s, AF_UNIX, SOCK_SEQPACKET, 0); connect($s, pack_sockaddr_un("sock")) or die; push @s, $s }
        for ($end = time + 200; time < $end && !-e "enough";) {
            for my $s (@s) {
                1 while defined send $s, "attach group=NB pid=1", MSG_DONTWAIT;
                $n++ while defined recv $s, $text, 999, MSG_DONTWAIT;
            }
            $| = 1;
            $said++ or print "on\n";
        }' >flood 3>&- &
    until_so grep -q on flood
    for i in 1 2 3 4 5; do
        ctl status
        ctl priority NB-0 $i
    done
    touch enough # all was answered while it went on
    kill -KILL "$(process_of NB-0)"
    until_so empty
    stop_daemon
}

@test "users with many numbers take no file that the daemon needs, and root is let in" {
    ulimit -n 700 || skip "no limit of files to be had"
    daemon --open
    start a "$(client once)" 30 28 50
    start b "$(client once)" 30 28 50
    until_so swapped NB-0
    for user in 60001 60002 60003; do
        HOLD=$PWD/over TIMES=300 setpriv --reuid $user --regid $user --clear-groups timeout 100 "$knock" sock >"open.$user" 3>&- &
        started+=("$!")
        until_so test -s "open.$user"
    done
    cat open.* >&2
    [ "$(cat open.60001)" = "256 open" ]
    total=$(awk '{ sum += $1 } END { print sum }' open.*)
    [ "$total" -gt 256 ]
    [ "$total" -lt 600 ]
    grep -q 'connections are refused: ' serve.err
    [[ $(ctl status) == *NB-0* ]]
    start c "$(client once)" 5 14 50
    fine a b c
    touch over
    until_so empty
    stop_daemon
}

@test "a program stays on the GPU while the machine has no memory for it, and both say so" {
    cat /proc/meminfo >meminfo
    unshare --mount mount --bind meminfo /proc/meminfo 2>/dev/null || skip "no /proc/meminfo of one's own to be had"
    cat >sim.sh <<INNER
#!/bin/sh
exec unshare --mount sh -c 'mount --bind meminfo /proc/meminfo && exec "\$@"' - "$GPUSWAP_SIM" "\$@"
INNER
    chmod 755 sim.sh
    (
        GPUSWAP_SIM=$PWD/sim.sh
        daemon
        echo "$daemon" >number
    )
    started+=("$(cat number)")
    printf 'MemTotal: 99999999 kB\nMemAvailable: 1000 kB\n' >meminfo
    start a "$(client once)" 100 28 50
    until_so is_state NB-0 running
    start b "$(client once)" 4 28 50
    until_so grep -q "'NB-0' stays on the GPU: its cgroup, or this machine, has less memory left" serve.err
    [[ $(ctl status) == *"has less memory left than it has on the GPU"* ]]
    ctl status --json | grep '"place":"NB-0"' | grep -q '"swaps":0,'
    kill -KILL "$(process_of NB-0)"
    fine b
    until_so empty
    ctl stop
}

@test "the rights that the units leave it are enough: others' programs, and what is left of them, are served" {
    setpriv --bounding-set -all,+sys_ptrace --inh-caps -all true 2>/dev/null || skip "no rights to leave"
    chown 65533 .
    cat >orphan.sh <<'INNER'
setsid "$@" </dev/null &
INNER
    chown 0 .
    chmod 644 node.ini orphan.sh
    cat >sim.sh <<INNER
#!/bin/sh
exec setpriv --bounding-set -all,+sys_ptrace --inh-caps -all --no-new-privs "$GPUSWAP_SIM" "\$@"
INNER
    chmod 755 sim.sh
    (
        GPUSWAP_SIM=$PWD/sim.sh
        daemon --open
        echo "$daemon" >number
    )
    daemon=$(cat number)
    started+=("$daemon")
    grep -q '^CapEff:.0*80000$' "/proc/$daemon/status"
    start_as alice a sh orphan.sh "$(client once)" 40 28 50
    start_as mallory b "$(client once)" 10 28 50
    until_so has_ended a
    until_so test "$(processes_of NB-0)" = 1
    until_so swapped NB-0
    fine b
    until_so grep -q 'burst 40: fine' a.out
    until_so empty
    run ! grep -q 'lost\|cannot' serve.err
    ctl stop
}
