#!/usr/bin/env bats
# sweep.bats - sweeps: every point is the run that --set would make, whatever the threads and shards; what is done is not
# done again; shards find their share; merges find gaps and conflicts.

bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
    unset SLURM_ARRAY_TASK_ID JOB_COMPLETION_INDEX GPUSWAP_SHARDS
    cat >s.ini <<'END_OF_SCENARIO'
[scenario]
duration = 2h
replications = 3
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
response_p95 = 15s
[sweep]
workload.NB.count = 2..4
node.gpu_memory = 40GiB, 80GiB
END_OF_SCENARIO
}

sweep() {
    run --separate-stderr "$GPUSWAP_SIM" sweep "$@"
}

query() {
    sqlite3 "$1" "$2"
}

# says CODE TEXT COMMAND...: it ends with that code and says TEXT.
says() {
    run --separate-stderr "$GPUSWAP_SIM" "${@:3}"
    [ "$status" -eq "$1" ] || { echo "'${*:3}' ended with $status: $stderr"; return 1; }
    [[ $stderr == *"$2"* ]] || { echo "'${*:3}' said: $stderr"; return 1; }
}

@test "a row a point, each the run that --set makes" {
    sweep s.ini --json s.json --csv s.csv
    [ "$status" -eq 0 ]
    [ -z "$stderr" ]
    [[ $output == *"grid, 6 of 6 points"*"SLA met at "*" of 6 points."* ]]
    [ "$(query results.db "select count(*) from run where status = 'complete'")" -eq 6 ]
    [ "$(query results.db 'select group_concat(value, " ") from report_sweep where point = 4')" = "3 80GiB" ]
    "$GPUSWAP_SIM" s.ini --quiet --db one.db --json one.json --set workload.NB.count=3 --set node.gpu_memory=80GiB
    run=$(query results.db 'select run from sweep_point where point = 4')
    numbers="select scope, name, value, ci_low, ci_high, n from metric where name <> 'wall_s' and run ="
    [ -n "$(query one.db "$numbers 1")" ]
    [ "$(query results.db "$numbers $run")" = "$(query one.db "$numbers 1")" ]
    jq -e --slurpfile one one.json '.of == 6 and .done == 6 and (.points[3].report.groups == $one[0].groups) and
        .points[3].values == {"workload.NB.count": "3", "node.gpu_memory": "80GiB"}' s.json
    [ "$(head -n 1 s.csv)" = "point,run,workload.NB.count,node.gpu_memory,scope,name,metric,value,ci_low,ci_high,n" ]
    grep -q '^4,[0-9],3,80GiB,group,NB,response_mean_s,' s.csv
    "$GPUSWAP_SIM" report results.db --run "$run" | grep -q 's \[workload.NB.count=3 node.gpu_memory=80GiB\]'
}

@test "threads and shards make no difference" {
    for threads in 1 2 5; do
        "$GPUSWAP_SIM" sweep s.ini --quiet --threads "$threads" --db "t$threads.db" --set scenario.warmup=auto
        "$GPUSWAP_SIM" merge --quiet -o "m$threads.db" "t$threads.db"
    done
    for i in 1 2 3 4; do
        "$GPUSWAP_SIM" sweep s.ini --quiet --shard "$i/4" --set scenario.warmup=auto
    done
    [ "$(query results.2-of-4.db 'select group_concat(point) from sweep_point')" = 2,6 ]
    "$GPUSWAP_SIM" merge --quiet -o m.db results.?-of-4.db
    for table in metric sla sweep sweep_key sweep_point sweep_value replication_group workload; do
        query m1.db "select * from $table" >1.txt
        [ -s 1.txt ]
        for db in m2.db m5.db m.db; do
            query "$db" "select * from $table" | cmp 1.txt
        done
    done
    # More shards than points.
    sweep s.ini --quiet --shard 9/9
    [ "$status" -eq 0 ]
}

@test "what is done is not done again; another scenario is another sweep" {
    "$GPUSWAP_SIM" sweep s.ini --quiet
    before=$(query results.db 'select group_concat(run || started) from run')
    sweep s.ini
    [[ $stderr == *"6 of 6 points were in 'results.db' already"* ]]
    [ "$(query results.db 'select group_concat(run || started) from run')" = "$before" ]
    sweep s.ini --quiet --seed 2
    [ "$status" -eq 0 ]
    [ "$(query results.db 'select count(*) from run')" -eq 12 ]
    [ "$(query results.db 'select count(*) from sweep')" -eq 2 ]
    # A comment is no change, nor are threads.
    echo '; a comment' >>s.ini
    sweep s.ini --quiet --threads 1
    [ "$(query results.db 'select count(*) from run')" -eq 12 ]
}

@test "a file that a point reads has changed: its rows are not mixed" {
    printf '5s\n6s\n' >b.txt
    "$GPUSWAP_SIM" sweep s.ini --quiet --set 'workload.NB.burst=empirical(b.txt)'
    printf '5s\n7s\n' >b.txt
    says 73 "has changed since; name another database" sweep s.ini --set 'workload.NB.burst=empirical(b.txt)'
}

@test "'run' takes the scenario as it is, and says so" {
    run --separate-stderr "$GPUSWAP_SIM" s.ini
    [ "$status" -eq 0 ]
    [[ $stderr == *"note: 'run' takes the scenario as it is; the points of its [sweep] run by: gpuswap-sim sweep s.ini"* ]]
    [ "$(query results.db 'select count(*) from run')" -eq 1 ]
    "$GPUSWAP_SIM" s.ini --quiet --set workload.NB.count=1
}

@test "everything is checked before anything runs" {
    sed -i 's/40GiB, 80GiB/40GiB, 80/' s.ini
    says 65 "s.ini:17: 'gpu_memory = 80': a size needs a unit" sweep s.ini
    says 65 "at the point workload.NB.count=2 node.gpu_memory=80" sweep s.ini
    sed -i 's/^node.gpu_memory = .*/node.gpu_memry = 80GiB/' s.ini
    says 65 "s.ini:17: unknown key 'gpu_memry' in [node]; did you mean 'gpu_memory'?" sweep s.ini
    sed -i 's/^node.gpu_memry = .*/nodes.gpu_memory = 80GiB/' s.ini
    says 65 "s.ini:17: the scenario has no section [nodes]; did you mean 'node'?" sweep s.ini
    sed -i 's/^nodes.gpu_memory = .*//' s.ini
    says 65 "--set workload.NB.count=3: [sweep] varies this key" sweep s.ini --set workload.NB.count=3
    says 64 "each point reads the scenario anew" sweep -
    sed -i '/^\[sweep\]/,$d' s.ini
    says 65 "there is no [sweep] section" sweep s.ini
    [ ! -e results.db ]
    # What is wrong anyway is not blamed on a point.
    printf '[sweep]\nworkload.NB.count = 1, 2\n[sla.X]\ngroup = NX\nresponse_p95 = 1s\n' >>s.ini
    says 65 "NX" sweep s.ini
    [[ $stderr != *"at the point"* ]]
}

@test "--set reaches into [sweep], --assert looks at every point" {
    sweep s.ini --quiet --assert --set sweep.workload.NB.count=1 --set sla.NB.response_p95=1h
    [ "$status" -eq 0 ]
    [ "$(query results.db 'select count(*) from run')" -eq 2 ]
    sweep s.ini --quiet --assert --set sweep.workload.NB.count=1 --set sla.NB.response_p95=1ms
    [ "$status" -eq 1 ]
}

@test "a Latin hypercube" {
    sed -i 's/^workload.NB.count = .*/design = latin\npoints = 8\nworkload.NB.count = 1..4/; s/40GiB, 80GiB/40GiB..80GiB/' s.ini
    sweep s.ini
    [ "$status" -eq 0 ]
    [[ $output == *"latin, 8 of 8 points"* ]]
    [ "$(query results.db "select group_concat(n) from (select count(*) n from sweep_value where axis = 0 group by value)")" = 2,2,2,2 ]
    [ "$(query results.db "select count(distinct cast((value - 40) / 5 as integer)) from sweep_value where axis = 1")" -eq 8 ]
}

@test "shares by the environment of Slurm" {
    export SLURM_ARRAY_TASK_ID=7 SLURM_ARRAY_TASK_MIN=5 SLURM_ARRAY_TASK_MAX=9 SLURM_ARRAY_TASK_COUNT=3
    sweep s.ini
    [[ $stderr == *"share 2 of 3, by SLURM_ARRAY_TASK_ID; rows go to 'results.2-of-3.db'"* ]]
    [ "$(query results.2-of-3.db 'select group_concat(point) from sweep_point')" = 2,5 ]
    SLURM_ARRAY_TASK_ID=6 says 64 "the job array has gaps" sweep s.ini
    SLURM_ARRAY_TASK_COUNT=4 says 64 "the job array has gaps" sweep s.ini
    SLURM_ARRAY_TASK_ID=x says 64 "SLURM_ARRAY_TASK_ID 'x'" sweep s.ini
    says 64 "--shards 4, but SLURM_ARRAY_TASK_ID says 3" sweep s.ini --shards 4
    SLURM_ARRAY_TASK_ID=5 SLURM_ARRAY_TASK_MAX=5 SLURM_ARRAY_TASK_COUNT=1 sweep s.ini --quiet
    [ "$status" -eq 0 ]
    [ "$(query results.db 'select count(*) from run')" -eq 6 ]
    sweep s.ini --shard 3/6 --quiet
    [ "$(query results.3-of-6.db 'select group_concat(point) from sweep_point')" = 3 ]
    unset SLURM_ARRAY_TASK_COUNT
    says 64 "SLURM_ARRAY_TASK_COUNT is not set" sweep s.ini
}

@test "shares by the environment of Kubernetes, which does not tell how many" {
    export JOB_COMPLETION_INDEX=0
    says 64 "but of how many? Kubernetes does not tell" sweep s.ini
    sweep s.ini --shards 3 --quiet
    [ "$(query results.1-of-3.db 'select group_concat(point) from sweep_point')" = 1,4 ]
    GPUSWAP_SHARDS=6 JOB_COMPLETION_INDEX=5 sweep s.ini --quiet
    [ "$(query results.6-of-6.db 'select group_concat(point) from sweep_point')" = 6 ]
    JOB_COMPLETION_INDEX=3 says 64 "there are 3 shares only" sweep s.ini --shards 3
    unset JOB_COMPLETION_INDEX
    says 64 "--shards goes with JOB_COMPLETION_INDEX" sweep s.ini --shards 3
    for shard in 0/3 4/3 3 /3 3/ x/3 1/x; do
        says 64 "--shard" sweep s.ini --shard "$shard"
    done
}

@test "the Job of docs/cluster: its command line in the environment that it sets" {
    python3 -c 'import yaml' 2>/dev/null || skip "no python3-yaml"
    python3 - "$GPUSWAP_ROOT/docs/cluster" <<'END'
import sys, yaml
sweep = yaml.safe_load(open(sys.argv[1] + "/job.yaml"))
merge = yaml.safe_load(open(sys.argv[1] + "/merge.yaml"))
spec, box = sweep["spec"], sweep["spec"]["template"]["spec"]["containers"][0]
assert (sweep["apiVersion"], sweep["kind"], spec["completionMode"]) == ("batch/v1", "Job", "Indexed")
assert box["env"] == [{"name": "GPUSWAP_SHARDS", "value": str(spec["completions"])}]
names = {v["name"] for v in sweep["spec"]["template"]["spec"]["volumes"]}
assert names == {m["name"] for m in box["volumeMounts"]}
with open("sweep.sh", "w") as out:
    command = " ".join(box["command"]).replace("/scenario/office.ini", "s.ini")
    out.write(f"for i in $(seq 0 {spec['completions'] - 1}); do\n"
              f"JOB_COMPLETION_INDEX=$i GPUSWAP_SHARDS={box['env'][0]['value']} {command} || exit\ndone\n")
with open("merge.sh", "w") as out:
    out.write(merge["spec"]["template"]["spec"]["containers"][0]["command"][2])
END
    mkdir bin
    ln -s "$GPUSWAP_SIM" bin/gpuswap-sim
    PATH=$PWD/bin:$PATH sh sweep.sh
    PATH=$PWD/bin:$PATH sh merge.sh
    [ "$(query all.db 'select group_concat(run) from run')" = 1,2,3,4,5,6 ]
}

@test "merge: gaps, conflicts, strangers" {
    for i in 1 2 3; do
        "$GPUSWAP_SIM" sweep s.ini --quiet --shard "$i/3"
    done
    says 65 "4 of 6 points are missing: 1, 2, 4, 5; run their shards again" merge -o m.db results.3-of-3.db
    [ ! -e m.db ]
    run --separate-stderr "$GPUSWAP_SIM" merge -o m.db results.1-of-3.db results.3-of-3.db --partial
    [ "$status" -eq 0 ]
    [[ $output == *"Not here: points 2, 5."* ]]
    # The output goes on from there; shards may come twice.
    says 0 "" merge -o m.db results.2-of-3.db results.2-of-3.db
    [ "$(query m.db 'select group_concat(run) from run')" = 1,2,3,4,5,6 ]
    # A point with other results.
    cp results.2-of-3.db other.db
    query other.db "update metric set value = value + 1 where run = 2 and name = 'response_mean_s'"
    says 65 "point 5 has different results in 'results.2-of-3.db' and 'other.db'" merge -o n.db results.2-of-3.db other.db
    says 65 "point 5 has different results" merge -o m.db other.db results.1-of-3.db
    "$GPUSWAP_SIM" sweep s.ini --quiet --seed 2 --db seed2.db
    says 65 "are of different sweeps" merge -o n.db results.1-of-3.db seed2.db
    says 73 "'seed2.db' holds other runs; name a new file" merge -o seed2.db results.?-of-3.db
    "$GPUSWAP_SIM" s.ini --quiet --db run.db
    says 65 "'run.db' holds no sweep" merge -o n.db run.db
    says 66 "cannot read 'none.db'" merge -o n.db none.db
    says 64 "is input and output" merge -o m.db m.db
    says 64 "where to?" merge m.db
    [ ! -e n.db ]
}
