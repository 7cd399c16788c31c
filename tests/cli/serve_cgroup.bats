#!/usr/bin/env bats
# serve_cgroup.bats - a real cgroup with a limit, below the one of this test: what it has left is found, copies of files
# included.  A program there is not put into memory that its cgroup does not have, and once that has it, it is.

# shellcheck disable=SC2154,SC2016
bats_require_minimum_version 1.5.0
load serve

setup() {
    node_setup
    make_cgroup
}

teardown() {
    node_teardown
    [ -z "${group:-}" ] || until_so rmdir "$group"
}

make_cgroup() {
    local above

    above=$(sed -n 's/^[0-9]*:memory://p' /proc/self/cgroup)
    if [ -n "$above" ]; then
        above=/sys/fs/cgroup/memory$above limit=memory.limit_in_bytes
    else
        above=/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup) limit=memory.max
        grep -qw memory "$above/cgroup.subtree_control" 2>/dev/null || skip "there is no cgroup here below which one could be limited"
    fi
    mkdir "$above/gpuswap-test.$$" 2>/dev/null || skip "no cgroup can be made in $above"
    group=$above/gpuswap-test.$$
    [ -e "$group/$limit" ] || skip "the cgroup that was made has no limit of memory"
}

limited() { # limited LIMIT COMMAND...: starts there
    local limit_bytes=$1

    shift
    echo "$limit_bytes" >"$group/$limit"
    start a sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$group" "$@"
    until_so is_state NB-0 running
}

@test "a cgroup without room for what its program has on the GPU: it stays there; with SERVE_MORE, until there is room" {
    daemon
    limited 40M "$(client once)" 1000 28 100
    start b "$(client once)" 4 28 50
    until_so grep -q "'NB-0' stays on the GPU: its cgroup, or this machine, has less memory left" serve.err
    [[ $(ctl status) == *"its cgroup, or this machine"* ]]
    run ! has_ended b
    run ! swapped NB-0
    if [ -n "${SERVE_MORE:-}" ]; then
        echo 400M >"$group/$limit"
        until_so has_ended b || until_so has_ended b # it is looked at again after 30 s
        swapped NB-0
    fi
    run ! grep -v '^burst [0-9]*: fine$' a.out
    kill -KILL "$(process_of NB-0)"
    fine b
    until_so empty
    stop_daemon
}

@test "a cgroup with room: its program is swapped, and is not ended for want of memory" {
    daemon
    limited 300M "$(client once)" 20 28 50
    start b "$(client once)" 20 28 50
    fine a b
    until_so empty
    stop_daemon
    run ! grep -q 'stays on the GPU' serve.err
    [ "$(sqlite3 results.db "SELECT count(*) FROM command WHERE kind = 'swap_out'")" -ge 2 ]
}

# there COMMAND: what it says of the room for a swap file, in MiB, in the cgroup with a limit of 300 MiB.
there() {
    echo 300M >"$group/$limit"
    sh -c "echo \$\$ >$group/cgroup.procs && $1" | sed -n 's/.*room for at most \([0-9]*\)[.0-9]* MiB; .*limited to 300 MiB.*/\1/p'
}

@test "a cgroup full of copies of files has room: they are given up for whoever wants memory" {
    [ "$(stat -f -c %T .)" != tmpfs ] || skip "there are no files on a disk"
    room=$(there "head -c 200M /dev/zero >file; sync file; for i in 1 2 3; do cat file >/dev/null; done; \"$GPUSWAP_SIM\" doctor")
    cached=$(awk '/^(in)?active_file / { bytes += $2 } END { print int(bytes / 2^20) }' "$group/memory.stat")
    echo "$room MiB of 300, and $cached MiB are copies of files" >&2
    [ "$cached" -gt 100 ]
    [ "$room" -gt 200 ]
}

@test "a namespace of cgroups, with the groups of the machine to be seen: one's own is found" {
    unshare --cgroup --mount true 2>/dev/null || skip "no namespaces to be had"
    room=$(there "exec unshare --cgroup --mount \"$GPUSWAP_SIM\" doctor")
    [ "$room" -gt 200 ]
    room=$(there "exec unshare --cgroup --mount sh -c 'mkdir $group/in && echo \$\$ >$group/in/cgroup.procs && \"$GPUSWAP_SIM\" doctor'")
    rmdir "$group/in"
    [ "$room" -gt 200 ]
}
