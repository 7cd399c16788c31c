#!/usr/bin/env bash
# renew.sh [FOLDER] - write what the scenarios of this folder give into it, or into FOLDER for a comparison.
set -euo pipefail
cd "$(dirname "$0")/../.."
sim=${GPUSWAP_SIM:-build/release/gpuswap-sim}
out=${1:-tests/golden}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
query() {
    sqlite3 -list -nullvalue - "$work/results.db" "$1"
}

"$sim" tests/golden/small.ini --db "$work/results.db" --json "$work/small.json" >"$out/small.txt"
sed -E 's/"wall_s": ?[0-9.e+-]+,?//' "$work/small.json" >"$out/small.json"
{
    echo '# event: replication|number|at|kind|workload|command|since|bytes|timer'
    query 'SELECT replication, event, at_ns, kind, workload, command, since_ns, bytes, timer FROM event ORDER BY 1, 2'
    echo '# command: replication|number|event|kind|workload|gpu|requester|bytes|moved|at|delay|linger|timer|why|yield'
    query 'SELECT replication, command, event, kind, workload, gpu, requester, bytes, moved_bytes, at_ns, delay_ns,
           linger_ns, timer, reason, yield FROM command ORDER BY 1, 2'
    echo '# candidate: replication|command|workload|chosen|keep'
    query 'SELECT replication, command, workload, chosen, keep FROM candidate ORDER BY 1, 2, 3'
} >"$out/small.log"

# Each policy ranks in its own way: workload by workload, how often it is chosen.
echo '# policy|workload|times swapped out' >"$out/victims.txt"
for policy in lru mru fifo random; do
    rm -f "$work/results.db"
    "$sim" tests/golden/victims.ini --db "$work/results.db" --quiet --set policy.victim=$policy
    query "SELECT '$policy', workload, count(*) FROM command WHERE kind = 'swap_out' GROUP BY workload ORDER BY 2"
done >>"$out/victims.txt"
