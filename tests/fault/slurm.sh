#!/usr/bin/env bash
# slurm.sh - docs/cluster on a real Slurm: a job array of shards, whose node dies in the middle, and the merge behind it.
# What comes out must be, row for row, what one undivided sweep gives.
#
# All of Slurm runs here, as root, out of a temporary folder: munged, slurmctld, and a slurmd on the loopback.  Where that
# cannot be the test is skipped (77) and says why.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
sim=$(realpath "${GPUSWAP_SIM:-build/release/gpuswap-sim}")

skip() {
    echo "skipped: $*"
    exit 77
}

[[ $(id -u) -eq 0 ]] || skip "slurmd has to be started by root"
for program in munged slurmctld slurmd sbatch sqlite3; do
    command -v "$program" >/dev/null || PATH=$PATH:/usr/sbin:/sbin
    command -v "$program" >/dev/null || skip "'$program' is not installed (Debian: munge slurmctld slurmd slurm-client)"
done

work=$(mktemp -d /tmp/slurm.XXXXXX)
children=()
end() {
    local code=$?
    [[ $code -eq 0 || $code -eq 77 ]] || tail -n 15 "$work"/log/*.log "$work"/run/*.log 2>/dev/null || true
    for child in "${children[@]}" "$(cat "$work/slurmd.pid" 2>/dev/null || true)"; do
        [[ -z $child ]] || kill -s KILL "$child" 2>/dev/null || true
    done
    rm -rf "$work"
    exit "$code"
}
trap end EXIT
chmod 755 "$work"
mkdir "$work"/{log,state,spool,run,munge}
chmod 700 "$work/munge"

head -c 64 /dev/urandom >"$work/munge/key"
chmod 600 "$work/munge/key"
munged --foreground --force --socket="$work/munge.socket" --key-file="$work/munge/key" --pid-file="$work/munge/pid" \
    --log-file="$work/munge/log" --seed-file="$work/munge/seed" 2>"$work/log/munged.log" &
children+=($!)
disown

host=$(hostname -s)
port=$((20000 + RANDOM % 10000))
export SLURM_CONF=$work/slurm.conf
cat >"$SLURM_CONF" <<END
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
AuthType=auth/munge
AuthInfo=socket=$work/munge.socket
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
SlurmctldLogFile=$work/log/slurmctld.log
SlurmdLogFile=$work/log/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
JobAcctGatherType=jobacct_gather/none
ReturnToService=2
SlurmdTimeout=10
MessageTimeout=10
KillWait=2
SchedulerParameters=sched_interval=2,requeue_delay=1
NodeName=$host NodeAddr=127.0.0.1 Port=$((port + 1)) CPUs=2 State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP
END

# until SECONDS COMMAND...: wait for it to succeed.
until_true() {
    local left=$(($1 * 5))
    shift
    until "$@" >/dev/null 2>&1; do
        ((left-- > 0)) || return 1
        sleep 0.2
    done
}

start_node() {
    slurmd -D -N "$host" >"$work/log/slurmd.out.log" 2>&1 &
    node=$!
    disown
    children+=("$node")
}

node_is() {
    [[ $(sinfo -h -o %T) == *"$1"* ]]
}

until_true 10 test -S "$work/munge.socket" || skip "munged does not start here"
slurmctld -D >"$work/log/slurmctld.out.log" 2>&1 &
children+=($!)
disown
start_node
until_true 20 node_is idle || { tail -n 5 "$work"/log/slurm*.log; skip "Slurm does not start here"; }
echo "Slurm $(sinfo --version) is up"

cd "$work/run"
cat >office.ini <<'END'
[scenario]
duration = 60d
replications = 2
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
workload.NB.count = 2..6
node.gpu_memory = 40GiB, 80GiB
policy.victim = lru, mru
END

export GPUSWAP_SIM=$sim
bash "$root/docs/cluster/submit.sh" 4 office.ini --set node.swap_file=200GiB
begun() {
    compgen -G 'results.*-of-4.db'
}
until_true 30 begun
sleep 1

# The node dies: its daemon, the daemons of its steps and all that they run, at one blow.
echo "the node dies"
kill -s KILL "$node"
hit=0
for process in /proc/[0-9]*; do
    # Those of this test only: the shards run in its folder, and the parent of each is the daemon of its step.
    [[ $(readlink "$process/cwd") == "$work/run" && $(readlink "$process/exe") == "$sim" ]] || continue
    step=$(awk '/^PPid:/ { print $2 }' "$process/status")
    [[ $(cat "/proc/$step/comm") != slurmstepd ]] || kill -s KILL "$step"
    kill -s KILL "${process#/proc/}"
    hit=$((hit + 1))
done
[[ $hit -gt 0 ]] || { echo "no shard was running; nothing was hit"; exit 1; }
echo "$hit shards are hit"
until_true 60 node_is down
echo "Slurm has seen it: $(squeue -h -r -o '%i %T' | tr '\n' ';')"
echo "left behind: $(for db in results.*-of-4.db; do sqlite3 "$db" "SELECT count(*) FROM run GROUP BY status"; done |
    tr '\n' ' ')rows of runs"
start_node
until_true 60 node_is idle
# What is requeued waits for two minutes, unless told otherwise.
for task in 1 2 3 4; do
    scontrol update "jobid=1_$task" starttime=now 2>/dev/null || true
done

all_ended() {
    [[ -z $(squeue -h) ]]
}
until_true 200 all_ended || { squeue; exit 1; }
cat merge-*.log | tail -n 4

# The same undivided.
env -u SLURM_CONF "$sim" sweep office.ini --set node.swap_file=200GiB --quiet --db one.db
env -u SLURM_CONF "$sim" merge --quiet -o one-merged.db one.db
for table in metric sla sweep_point sweep_value replication_group replication_gpu; do
    cmp <(sqlite3 all.db "SELECT * FROM $table") <(sqlite3 one-merged.db "SELECT * FROM $table")
done
[[ $(sqlite3 all.db "SELECT count(*) FROM run WHERE status = 'complete'") -eq 20 ]]
restarts=$(grep -c "requeue\|Requeue" "$work/log/slurmctld.log" || true)
[[ $restarts -gt 0 ]] || { echo "no task was requeued: the node died too late"; exit 1; }
echo "20 points in 4 shards over a dead node: the same rows as at one go; $restarts lines of the controller tell of requeues"
