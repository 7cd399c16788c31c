#!/usr/bin/env bats
# sweep.bats - kills at random moments: of a sweep, of a shard, of a merge.  Run again, each must end with the same database
# content as if nothing had happened.  KILLS=N sets how many kills each test sees; the long test has a hundred.

bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
    kills=${KILLS:-4}
    cat >s.ini <<'END'
[scenario]
duration = 6h
replications = 2
record = bursts
threads = 2
[node]
gpu_memory = 80GiB
[workload.NB]
class = notebook
count = 3
memory = 30GiB
think = exp(60s)
burst = exp(5s)
[sla.NB]
group = NB
response_p95 = 20s
[sweep]
workload.NB.count = 1..5
node.gpu_memory = 40GiB, 80GiB
policy.victim = lru, mru
END
}

# content DB: everything that a merged database holds but when it was run.
content() {
    sqlite3 "$1" "UPDATE run SET started = ''" .dump | grep -v '^INSERT INTO \(burst\|residency\) ' | sort
    local table
    for table in burst residency; do
        sqlite3 "$1" "SELECT * FROM $table ORDER BY 1, 2, 3"
    done
}

# The whole sweep at one go, as 'merge' puts it.
reference() {
    "$GPUSWAP_SIM" sweep s.ini --quiet --db one.db
    "$GPUSWAP_SIM" merge --quiet -o reference.db one.db
    content reference.db >reference.txt
    [ "$(sqlite3 reference.db "SELECT count(*) FROM run WHERE status = 'complete'")" -eq 20 ]
}

# killed COMMAND...: begin it and kill it within 0.4 s, as often as `kills` says; a kill may
# come too late.
killed() {
    local i
    for ((i = 0; i < kills; i++)); do
        "$@" >/dev/null 2>&1 &
        local pid=$!
        sleep "0.$(printf '%03d' $((RANDOM % 400)))"
        kill -s KILL "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
}

@test "a sweep that is killed goes on, and ends with the same rows" {
    reference
    killed "$GPUSWAP_SIM" sweep s.ini --quiet --db k.db
    "$GPUSWAP_SIM" sweep s.ini --quiet --db k.db
    [ "$(sqlite3 k.db 'PRAGMA integrity_check')" = ok ]
    # Nothing of what was cut short is left, in any table.
    [ "$(sqlite3 k.db 'SELECT count(*) FROM run')" -eq 20 ]
    local table
    for table in replication burst residency metric sla workload gpu gpu_usage distribution; do
        [ "$(sqlite3 k.db "SELECT count(*) FROM $table WHERE run NOT IN (SELECT run FROM run)")" -eq 0 ]
    done
    "$GPUSWAP_SIM" merge --quiet -o merged.db k.db
    content merged.db | diff reference.txt - >&2
    # What was done is not done again.
    local runs
    runs=$(sqlite3 k.db 'SELECT group_concat(run || started) FROM run')
    "$GPUSWAP_SIM" sweep s.ini --quiet --db k.db
    [ "$(sqlite3 k.db 'SELECT group_concat(run || started) FROM run')" = "$runs" ]
}

@test "shards that are killed, and the merge of them" {
    reference
    local i
    for i in 1 2 3; do
        killed "$GPUSWAP_SIM" sweep s.ini --quiet --shard "$i/3"
        "$GPUSWAP_SIM" sweep s.ini --quiet --shard "$i/3"
    done
    killed "$GPUSWAP_SIM" merge --quiet -o merged.db results.*-of-3.db
    "$GPUSWAP_SIM" merge --quiet -o merged.db results.*-of-3.db
    content merged.db | diff reference.txt - >&2
    [ "$(sqlite3 merged.db 'PRAGMA integrity_check')" = ok ]
    # Once more changes nothing.
    "$GPUSWAP_SIM" merge --quiet -o merged.db results.*-of-3.db
    content merged.db | diff reference.txt - >&2
}

@test "a merge of many rows that is killed holds all of it or nothing" {
    "$GPUSWAP_SIM" sweep s.ini --quiet --db big.db --set scenario.duration=16h --set scenario.record=events
    "$GPUSWAP_SIM" merge --quiet -o whole.db big.db
    local i points
    for ((i = 0; i < kills; i++)); do
        "$GPUSWAP_SIM" merge --quiet -o m.db big.db &
        local pid=$!
        sleep "0.$(printf %03d $((RANDOM % 500)))"
        kill -s KILL "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
        points=$(sqlite3 m.db 'SELECT count(*) FROM sweep_point' 2>/dev/null || echo 0)
        [ "$points" -eq 0 ] || [ "$points" -eq 20 ]
    done
    "$GPUSWAP_SIM" merge --quiet -o m.db big.db
    local table
    for table in run metric sla burst residency event command candidate; do
        [ "$(sqlite3 m.db "SELECT count(*) FROM $table")" -eq "$(sqlite3 whole.db "SELECT count(*) FROM $table")" ]
    done
    sqlite3 m.db 'SELECT * FROM metric' | cmp - <(sqlite3 whole.db 'SELECT * FROM metric')
}

@test "an interrupt says how to go on" {
    "$GPUSWAP_SIM" sweep s.ini --set scenario.duration=2000d --db i.db >out.txt 2>err.txt &
    local pid=$! code=0 other=0
    sleep 1
    # Meanwhile nobody else writes there, not even the same sweep.
    "$GPUSWAP_SIM" sweep s.ini --set scenario.duration=2000d --db i.db 2>other.txt || other=$?
    [ "$other" -eq 75 ]
    grep -q "'i.db' is being written by another program" other.txt
    kill -s TERM "$pid"
    wait "$pid" || code=$?
    [ "$code" -eq 143 ]
    grep -q "interrupted after [0-9]* of 20 points; the same command goes on from there" err.txt
    [ ! -s out.txt ]
}
