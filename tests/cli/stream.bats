#!/usr/bin/env bats
# stream.bats - `stream = yes` replays a trace from disk: the same report, the same rows, and nothing is left behind.

bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
    ln -sfn "$GPUSWAP_ROOT/scenarios" scenarios
    ln -sfn "$GPUSWAP_ROOT/tests" tests
    printf '[node]\ngpus = 2\ngpu_memory = 20GiB\n' >node.ini
}

# replay NAME TRACE ...: report and rows in NAME.*
replay() {
    local name=$1
    shift
    "$GPUSWAP_SIM" replay "$@" --quiet --db "$name.db" --json "$name.json"
    sed -E -i 's/"wall_s": ?[0-9.e+-]+/"wall_s":0/' "$name.json"
    for table in burst event command; do
        sqlite3 "$name.db" "SELECT * FROM $table ORDER BY replication, 1, 2, 3, 4, 5"
    done >"$name.rows"
}

# same TRACE ...: from memory and from disk
same() {
    replay memory "$@" --set scenario.record=events --set trace.trace.memory=12GiB
    replay disk "$@" --set scenario.record=events --set trace.trace.memory=12GiB --set trace.trace.stream=yes
    [ -s memory.rows ]
    cmp memory.json disk.json
    cmp memory.rows disk.rows
    rm -f -- *.db
}

# A made-up trace of N records: 40 workloads, closed and open, that come, work, change and leave.
made() {
    awk -v n="$1" '
        function draw(most) { seed = (seed * 16807) % 2147483647; return seed % most }
        function megabytes(most) { return sprintf("%d000000", 1000 + draw(most)) }
        BEGIN {
            seed = 4711
            split("end kill trunc", why, " ")
            print "#gpuswap-trace,1"
            for (i = 0; i < n; i++) {
                t += draw(400000)
                if (i % (n / 40) == 0) {
                    id = "w" last++
                    print t ",W," id "," substr("nit", 1 + draw(3), 1) ",1," megabytes(9000)
                    print t ",S," id ",4000,800,12000"
                    live[here++] = id
                } else if (here > 3 && draw(200) == 0) {
                    k = draw(here)
                    print t ",D," live[k] "," why[1 + draw(3)]
                    live[k] = live[--here]
                } else {
                    id = live[draw(here)]
                    what = draw(10)
                    work = 1 + draw(3000000)
                    if (what == 0) print t ",M," id "," megabytes(9000)
                    else if (what == 1) print t ",U," id ",prio," draw(256)
                    else if (what == 2) print t ",T," id "," 1 + draw(9) "," work "," draw(900000) ",100000"
                    else if (what < 5) print t ",R," id "," draw(900) "," 1 + draw(90)
                    else print t ",B," id "," work "," draw(9000000) "," draw(1000000) "000," draw(1000) "000"
                }
            }
        }'
}

@test "the traces at hand: the same report and rows" {
    for trace in scenarios/office.gst tests/data/*.gst; do
        same "$trace" node.ini
    done
}

@test "a long mixed trace, some replications, one thread and three" {
    made 8000 >made.gst
    "$GPUSWAP_SIM" trace check made.gst
    same made.gst node.ini --replications 3 --threads 1
    mv disk.json one.json
    same made.gst node.ini --replications 3 --threads 3
    cmp one.json disk.json
}

@test "window, scale, sample, loop and a faster GPU" {
    made 4000 >made.gst
    same made.gst node.ini --set trace.trace.from=2m --set trace.trace.to=9m --set trace.trace.sample=8
    same made.gst node.ini --set trace.trace.scale_time=0.5 --set trace.trace.loop=open
    same made.gst node.ini --set trace.trace.loop=closed --set node.gpu_speed=2.5
    same made.gst node.ini --set scenario.duration=5m --set scenario.warmup=1m
}

@test "compressed, and two traces in one scenario; the audit finds nothing" {
    made 2000 | gzip >made.gst.gz
    same made.gst.gz node.ini
    printf '[scenario]\nrecord = events\n[node]\ngpus = 2\ngpu_memory = 20GiB\n' >two.ini
    printf '[trace.%s]\nfile = %s\nmemory = 9GiB\nstream = yes\n' A made.gst.gz B scenarios/office.gst >>two.ini
    "$GPUSWAP_SIM" run two.ini --quiet --db two.db --json disk.json
    "$GPUSWAP_SIM" audit two.db
    "$GPUSWAP_SIM" run two.ini --quiet --db one.db --json memory.json --set trace.A.stream=no --set trace.B.stream=no
    sed -E -i 's/"wall_s": ?[0-9.e+-]+/"wall_s":0/' disk.json memory.json
    cmp memory.json disk.json
}

@test "only native traces; others say how to convert them" {
    run --separate-stderr "$GPUSWAP_SIM" replay tests/data/jobs-philly.csv --db r.db --set trace.trace.stream=yes \
        --set trace.trace.format=philly
    [ "$status" -eq 65 ]
    [[ $stderr == *"'stream = yes' reads the native format, not 'philly'; convert the file with 'gpuswap-sim trace import"* ]]
}

@test "a folder that is not there, a mistake in the trace" {
    TMPDIR=/nowhere run --separate-stderr "$GPUSWAP_SIM" replay scenarios/office.gst --db r.db \
        --set trace.trace.memory=8GiB --set trace.trace.stream=yes
    [ "$status" -eq 73 ]
    [[ $stderr == *"cannot create a temporary file in '/nowhere'"*"set TMPDIR to a folder with room"* ]]
    printf '#gpuswap-trace,1\n0,W,a,n,1,5\n1,B,a,0\n' >wrong.gst
    run --separate-stderr "$GPUSWAP_SIM" replay wrong.gst --db r.db --set trace.trace.stream=yes
    [ "$status" -eq 65 ]
    [[ $stderr == *"wrong.gst:3: field 'work': must be"* ]]
}

@test "no file is left in TMPDIR" {
    mkdir spool
    TMPDIR=$PWD/spool replay disk scenarios/office.gst --set trace.trace.memory=8GiB --set trace.trace.stream=yes
    [ -z "$(ls -A spool)" ]
}
