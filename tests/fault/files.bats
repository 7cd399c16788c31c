#!/usr/bin/env bats
# files.bats - what the world does to a run: full disks, folders that cannot be written, databases that belong to others or
# are busy, signals.  Each time: the exit code, a message, and a database that still opens and tells what it holds.

# shellcheck disable=SC2154     # $stderr is set by `run --separate-stderr`
bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
    scenario 20d 3000 >long.ini
    scenario 1h 2 >short.ini
}

# scenario DURATION REPLICATIONS: a scenario that swaps.
scenario() {
    cat <<END
[scenario]
duration = $1
replications = $2
threads = 2
record = bursts
[node]
gpu_memory = 40GiB
[policy]
slicer = rr
slicer.quantum = 10s
[workload.NB]
class = notebook
count = 3
memory = 30GiB
think = exp(60s)
burst = exp(5s)
END
}

# fails CODE TEXT COMMAND...: it ends with that code and says TEXT on stderr.
fails() {
    local code=$1 text=$2
    shift 2
    run --separate-stderr "$@"
    [ "$status" -eq "$code" ] || { echo "exit code $status: $stderr" >&2; return 1; }
    [[ $stderr == *"$text"* ]] || { echo "said: $stderr" >&2; return 1; }
}

query() {
    sqlite3 "$1" "$2"
}

# Until the database holds a finished replication, at most a minute.
wait_for_replication() {
    for _ in $(seq 300); do
        [[ -e $1 && $(query "$1" 'select count(*) from replication' 2>/dev/null || echo 0) -gt 0 ]] && return
        sleep 0.2
    done
    return 1
}

@test "a database that cannot be created" {
    fails 73 "cannot open or create 'no/such/folder/r.db'" "$GPUSWAP_SIM" short.ini --db no/such/folder/r.db
    fails 73 "cannot open or create 'short.ini/r.db'" "$GPUSWAP_SIM" short.ini --db short.ini/r.db
    mkdir folder.db
    fails 73 "cannot open or create 'folder.db'" "$GPUSWAP_SIM" short.ini --db folder.db
}

@test "a folder that may not be written" {
    local as=() # root may write everywhere
    [ "$(id -u)" -ne 0 ] || as=(setpriv --bounding-set -all --inh-caps -all --clear-groups)
    mkdir locked
    chmod 555 locked
    fails 73 "cannot open or create 'locked/r.db': Permission denied" "${as[@]}" "$GPUSWAP_SIM" short.ini --db locked/r.db
    (cd locked && fails 73 "cannot open or create 'results.db': Permission denied" "${as[@]}" "$GPUSWAP_SIM" ../short.ini)
    fails 73 "cannot create 'locked/r.json'" "${as[@]}" "$GPUSWAP_SIM" short.ini --json locked/r.json
}

@test "a file that is no database of ours stays as it is" {
    echo "my thesis" >thesis.txt
    fails 73 "'thesis.txt' is not a SQLite database" "$GPUSWAP_SIM" short.ini --db thesis.txt
    [ "$(cat thesis.txt)" = "my thesis" ]
    query other.db 'create table mine(x); insert into mine values(1)'
    cp other.db before.db
    fails 73 "'other.db' is a database of another program" "$GPUSWAP_SIM" short.ini --db other.db
    cmp other.db before.db
}

@test "a database that somebody else is writing" {
    "$GPUSWAP_SIM" short.ini --quiet
    mkfifo go
    (echo 'begin immediate; select 1;' && cat go) | sqlite3 results.db >held &
    local holder=$!
    until [ -s held ]; do sleep 0.1; done
    fails 75 "'results.db' is being written by another program" "$GPUSWAP_SIM" short.ini
    echo 'rollback;' >go
    wait "$holder"
    "$GPUSWAP_SIM" short.ini --quiet
    [ "$(query results.db 'select group_concat(status) from run')" = complete,complete ]
}

@test "a file that must not grow: the run fails, the database opens" {
    # shellcheck disable=SC2016
    fails 74 "reading or writing 'results.db' failed" \
        bash -c 'ulimit -f 256; exec "$0" short.ini --set scenario.duration=30d' "$GPUSWAP_SIM"
    [ "$(query results.db 'pragma integrity_check')" = ok ]
    [ "$(query results.db 'select status from run')" = incomplete ]
    "$GPUSWAP_SIM" short.ini --quiet
    [ "$(query results.db 'select group_concat(status) from run')" = incomplete,complete ]
}

@test "a disk that is full" {
    mkdir disk
    mount -t tmpfs -o size=1m tmpfs disk 2>/dev/null || skip "cannot mount a small disk here"
    run --separate-stderr "$GPUSWAP_SIM" short.ini --set scenario.duration=30d --db disk/r.db
    local state
    state=$(query disk/r.db 'pragma integrity_check; select status from run' | tr '\n' ' ')
    umount disk
    [ "$status" -eq 74 ]
    [[ $stderr == *"no room left for 'disk/r.db'"* ]]
    [ "$state" = "ok incomplete " ]
}

@test "standard output that is full or closed, a report that cannot be written" {
    [ -c /dev/full ] || skip "no /dev/full"
    # shellcheck disable=SC2016
    fails 74 "standard output" bash -c '"$0" short.ini >/dev/full' "$GPUSWAP_SIM"
    # shellcheck disable=SC2016
    fails 74 "standard output" bash -c '"$0" short.ini >&-' "$GPUSWAP_SIM"
    # shellcheck disable=SC2016
    fails 74 "standard output" bash -c '"$0" short.ini --json - >/dev/full' "$GPUSWAP_SIM"
    # shellcheck disable=SC2016
    fails 74 "standard output" bash -c '"$0" keys >/dev/full' "$GPUSWAP_SIM"
    fails 74 "cannot write '/dev/full'" "$GPUSWAP_SIM" short.ini --json /dev/full
    fails 73 "cannot create 'no/such/r.json'" "$GPUSWAP_SIM" short.ini --json no/such/r.json
    # The rows are there all the same.
    [ "$(query results.db "select count(*) from run where status = 'complete'")" -ge 3 ]
}

@test "a scenario that cannot be read" {
    fails 66 "none.ini: cannot be opened" "$GPUSWAP_SIM" none.ini
    fails 66 "./: cannot be read" "$GPUSWAP_SIM" ./
    [ "$(id -u)" -eq 0 ] || { chmod 000 long.ini; fails 66 "long.ini: cannot be opened" "$GPUSWAP_SIM" long.ini; }
    [ ! -e results.db ]
}

@test "an interrupt: what is complete is reported and kept" {
    for signal in INT TERM; do
        rm -f results.db*
        "$GPUSWAP_SIM" long.ini >report.txt 2>talk.txt &
        local pid=$!
        wait_for_replication results.db
        kill -s "$signal" "$pid"
        local code=0
        wait "$pid" || code=$?
        [ "$code" -eq $((128 + $(kill -l "$signal"))) ]
        grep -q "interrupted after [0-9]* of 3000 replications; 'results.db' holds them and says 'incomplete'" talk.txt
        grep -q '^NB ' report.txt
        [ "$(query results.db 'select status from run')" = incomplete ]
        [ "$(query results.db 'pragma integrity_check')" = ok ]
    done
}

@test "an interrupt before anything is complete" {
    scenario 36500d 2 >endless.ini
    "$GPUSWAP_SIM" endless.ini >report.txt 2>talk.txt &
    local pid=$! code=0
    until [ -e results.db ]; do sleep 0.1; done
    sleep 0.5
    kill -s INT "$pid"
    wait "$pid" || code=$?
    [ "$code" -eq 130 ]
    grep -q "interrupted before a replication was complete" talk.txt
    [ ! -s report.txt ]
    [ "$(query results.db 'select status from run')" = incomplete ]
}

@test "killed in the middle: complete replications are whole, the next run is appended" {
    "$GPUSWAP_SIM" long.ini >report.txt 2>talk.txt &
    local pid=$!
    wait_for_replication results.db
    kill -s KILL "$pid"
    wait "$pid" || true
    [ "$(query results.db 'pragma integrity_check')" = ok ]
    [ "$(query results.db 'select status from run')" = incomplete ]
    [ "$(query results.db 'select count(*) from replication')" -ge 1 ]
    # Every replication that is marked as complete has all the rows that its sums tell of.
    [ "$(query results.db "select count(*) from replication_group g where completed <>
        (select count(*) from burst b where b.replication = g.replication and outcome = 'done')")" -eq 0 ]
    run --separate-stderr "$GPUSWAP_SIM" report results.db --run 1
    [ "$status" -eq 65 ]
    [[ $stderr == *incomplete* ]]
    "$GPUSWAP_SIM" short.ini >second.txt
    [ "$(query results.db 'select group_concat(status) from run')" = incomplete,complete ]
    "$GPUSWAP_SIM" report results.db | cmp - second.txt
}
