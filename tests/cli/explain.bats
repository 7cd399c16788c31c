#!/usr/bin/env bats
# explain.bats - why a burst took as long as it did: in words, as JSON, with and without events, and whom to ask for.

# shellcheck disable=SC2154     # $stderr is set by `run --separate-stderr`
bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
    cat >two.ini <<'END'
; C comes to a GPU of 80 GB that A and B fill; A was used last.  Links of 25 GB/s: 40 GB take 1.6 s.
[scenario]
duration = 60s
[node]
gpu_memory = 80GB
gpu_reserved = 0GB
swap_file = 200GB
[policy]
slicer = fcfs
[workload.A]
class = inference
state = gpu
memory = 40GB
arrival = schedule(5s)
service = 1s
[workload.B]
class = inference
state = gpu
memory = 40GB
arrival = schedule(1s)
service = 1s
[workload.C]
class = inference
state = host
memory = 80GB
arrival = schedule(5500ms)
service = 1s
END
}

# record WHAT [OPTION...]: run it into r.db.
record() {
    "$GPUSWAP_SIM" two.ini --quiet --db r.db --set scenario.record="$1" "${@:2}"
}

explain() {
    "$GPUSWAP_SIM" explain r.db "$@"
}

@test "behind another and two swap-outs" {
    record events
    explain --workload C >c.txt
    cat >due.txt <<'END'
two   lru + fcfs   run 1, replication 0
burst 2: number 0 of C, on node-0/gpu-0

Ready 5.50 s after the start of the run, it took 7.90 s, of which 1.00 s is its work.

        at          for
       0 s       500 ms  waits for its turn: the GPU is used by A (500 ms)
    500 ms       3.20 s  waits for its victims to leave: A (37.3 GiB), B (37.3 GiB)
                         lru sends out B (had the GPU 4.00 s ago, 37.3 GiB, worth 2000000000), A (had the GPU 0 s ago, 37.3 GiB, worth 6000000000); nobody else could leave
    3.70 s       3.20 s  comes in: 74.5 GiB
    6.90 s       1.00 s  runs alone

the sum
     alone                  1.000000000 s
     queue                  0.500000000 s
  swap-out                  3.200000000 s
   swap-in                  3.200000000 s
  response                  7.900000000 s

lru: evict the workload that has not had the GPU for longest.  Worth: what it would be to keep, in its own unit; the least leaves first.
END
    diff due.txt c.txt
}

@test "JSON adds up, and names whom the policy had to choose from" {
    record events --set workload.C.memory=40GB
    explain --workload C --burst 0 --json c.json
    jq -e '.bursts | length == 1' c.json
    jq -e '.bursts[0] | .response_ns == .end_ns - .ready_ns and .response_ns == .alone_ns + ([.stall_ns[]] | add)' c.json
    jq -e '.bursts[0] | .response_ns == ([.pieces[] | .to_ns - .from_ns] | add)' c.json
    jq -e '.bursts[0].pieces | map(.kind) == ["swap_out", "swap_in", "turn", "run"] or
        map(.kind) == ["turn", "swap_out", "swap_in", "run"]' c.json
    jq -e '[.bursts[0].pieces[].others[].choice | select(. != null)][0] | .for == "C" and
        ([.candidates[] | select(.chosen) | .workload] == ["B"]) and .candidates[0].bytes == 40000000000' c.json
}

@test "one that is refused, and one that waits for the swap file" {
    record events --set node.swap_file=60GB --set workload.C.memory=50GB
    explain --slowest 1 >full.txt
    grep -q 'had not ended' full.txt
    grep -q 'waits for room in the swap file.*: 46.6 GiB of 55.9 GiB are taken, by C (46.6 GiB)' full.txt
    record events --set node.swap_file=60GB --set workload.C.memory=50GB --set policy.cap.when_full=reject
    explain --workload C >refused.txt
    grep -q "It was refused: the swap file had no room, and 'cap.when_full = reject'" refused.txt
    explain --workload C --json - | jq -e '.bursts[0] | .outcome == "rejected" and .reason == "cap"'
}

@test "where the books cannot be kept again, the rest is told, and why" {
    full=(--set node.swap_file=60GB --set workload.C.memory=50GB)
    record events "${full[@]}" --set policy.victim=belady
    explain --workload C >oracle.txt
    grep -q 'waits for room in the swap file, where a victim has to go$' oracle.txt
    grep -q "books are not known: run 1 cannot be replayed: 'belady' asked for the future" oracle.txt
    explain --workload C --json - | jq -e '.bursts[0] | (.untold | contains("belady")) and
        ([.pieces[].others[] | select(.did == "held")] == [])'
    record events "${full[@]}"
    explain --workload C --json - | jq -e '.bursts[0] | .untold == null and
        ([.pieces[] | select(.kind == "cap")][0].others | map(select(.did == "held") | [.workload, .bytes]) == [["C",50000000000]])'
    sqlite3 r.db "UPDATE command SET bytes = bytes + 1 WHERE run = 2 AND kind = 'run'"
    explain --workload C | grep -q "its policies decide otherwise now; 'gpuswap-sim audit' tells where"
    sqlite3 r.db "UPDATE event SET workload = 99 WHERE run = 2 AND kind = 'attach'"
    explain --workload C | grep -q 'books are not known: the event log is damaged'
}

@test "one that is stopped when its quantum is over" {
    record events --set policy.slicer=rr --set policy.slicer.quantum=2s --set workload.A.service=5s \
        --set workload.C.memory=20GB --set workload.B.arrival='schedule(5500ms)'
    explain --workload A >a.txt
    grep -q 'is stopped, as its quantum is over; next is B: the GPU is used by B' a.txt
}

@test "with bursts only it tells less, and how to know more" {
    record bursts
    explain --workload C >c.txt
    grep -q '^ *0 s  *3.70 s  waits: the GPU is used by A (500 ms); moved: A out (3.20 s), B out (3.20 s)$' c.txt
    grep -q '^gpuswap-sim run .*two.ini --set scenario.record=events$' c.txt
    record summary
    run --separate-stderr explain
    [ "$status" -eq 65 ]
    [[ $stderr == *"kept no bursts; run it again with '--set scenario.record=events'"* ]]
    explain --run 1 >again.txt
    diff c.txt <(explain --run 1 --workload C)
}

@test "the slowest ones, of a group and of a replication" {
    record events --replications 2
    [ "$(explain --slowest 3 --json - | jq -c '[.bursts[] | [.workload, .replication]]')" = '[["C",0],["C",1],["B",0]]' ]
    [ "$(explain --slowest 9 --group B --json - | jq -c '[.bursts[].workload]')" = '["B","B"]' ]
    [ "$(explain --slowest 9 --replication 1 --json - | jq '.bursts | length')" -eq 3 ]
    [ "$(explain --slowest 2 | grep -c '^burst')" -eq 2 ]
}

@test "what cannot be asked for" {
    record bursts
    for words in '' 'x.db y.db' 'r.db --burst 1 --slowest 2' 'r.db --burst -1' 'r.db --slowest 0' \
        'r.db --workload nobody' 'r.db --burst 1 --group A'; do
        # shellcheck disable=SC2086
        run "$GPUSWAP_SIM" explain $words
        [ "$status" -eq 64 ]
    done
    run explain --burst 7
    [ "$status" -eq 65 ]
    [[ $output == *"has no burst 7; --slowest 3 finds the slowest ones"* ]]
    run explain --run 5
    [ "$status" -eq 65 ]
    [[ $output == *"'r.db' has no run 5"* ]]
    run explain --slowest 1 --group nobody
    [ "$status" -eq 65 ]
    run "$GPUSWAP_SIM" explain missing.db
    [ "$status" -eq 66 ]
    run explain --json no/such/folder.json
    [ "$status" -eq 73 ]
}

@test "an audit also compares what victims were chosen from" {
    record events
    [[ $("$GPUSWAP_SIM" audit r.db) == *"4 candidates, 0 differences" ]]
    sqlite3 r.db "UPDATE candidate SET keep = keep + 1 WHERE rowid = 1"
    run "$GPUSWAP_SIM" audit r.db
    [ "$status" -eq 1 ]
    [[ $output == *"of the candidates recorded was workload 1, worth 2000000001, chosen; now it is workload 1, worth 2000000000, chosen"* ]]
    sqlite3 r.db "UPDATE candidate SET keep = keep - 1, chosen = 0 WHERE rowid = 1"
    run "$GPUSWAP_SIM" audit r.db
    [ "$status" -eq 1 ]
    sqlite3 r.db "DELETE FROM candidate"
    run "$GPUSWAP_SIM" audit r.db
    [ "$status" -eq 1 ]
    [[ $output == *"recorded was nobody"* ]]
}
