#!/usr/bin/env bash
# golden.sh [--renew] - the report, its JSON and the event log of a small run, and the victims of every policy on a fixed trace,
# byte for byte as they lie beside this script.
#
# After a change that is meant to change them: GPUSWAP_SIM=build/dev/gpuswap-sim tests/golden/golden.sh --renew, then read
# the difference with git diff and say in the commit why it is right.  The program's version and the time a run took are
# left out.
set -euo pipefail
cd "$(dirname "$0")"

sim=$(cd "${GPUSWAP_ROOT:-../..}" && realpath "${GPUSWAP_SIM:?set it to the path of gpuswap-sim}")
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
version=$("$sim" --version)

neutral() {
    sed -e 's/"wall_s":[0-9.e+-]*/"wall_s":0/' -e "s/${version#gpuswap-sim }/VERSION/"
}

# small_run THREADS: the report as text and JSON, and the log.
small_run() {
    "$sim" run small.ini --threads "$1" --db "$out/small.db" --json "$out/raw.json" >"$out/raw.txt"
    neutral <"$out/raw.txt" >"$out/small.txt"
    neutral <"$out/raw.json" >"$out/small.json"
    sqlite3 -readonly "$out/small.db" >"$out/small.log" <<'END'
.mode list
.separator ' '
.nullvalue -
select '# events: replication, number, time in ns, kind, workload, command, since, bytes, timer';
select replication, event, at_ns, kind, workload, command, since_ns, bytes, timer from event order by replication, event;
select '# commands: replication, number, event, kind, workload, gpu, requester, bytes, moved, at, delay, linger, timer, reason, yield';
select replication, command, event, kind, workload, gpu, requester, bytes, moved_bytes, at_ns, delay_ns, linger_ns, timer, reason,
       yield from command order by replication, command;
select '# candidates: replication, command, workload, chosen, worth of keeping it';
select replication, command, workload, chosen, keep from candidate order by replication, command, workload;
select '# bursts: replication, workload, number, ready, start, end, alone, stalls, served, outcome';
select replication, workload, nth, ready_ns, start_ns, end_ns, alone_ns, queue_ns, swap_out_ns, swap_in_ns, cap_ns, preempted_ns,
       detect_ns, cold_ns, served, outcome from burst order by replication, workload, nth;
END
}

# A line a policy: how often each workload of the trace was its victim.
victims() {
    local policy
    while read -r policy; do
        rm -f "$out/victims.db"
        "$sim" run victims.ini --set "policy.victim=$policy" --db "$out/victims.db" --quiet
        sqlite3 -readonly "$out/victims.db" "select '$policy', group_concat(n, ' ') from (select sum(kind = 'swap_out') as n
            from workload left join command using (run, workload) group by workload order by workload)"
    done < <("$sim" policies | sed -n '/^victim/,/^$/p' | sed -nE 's/^  ([a-z0-9_]+) .*/\1/p') >"$out/victims.txt"
}

small_run 4
mv "$out/small.json" "$out/four.json"
rm "$out/small.db"
small_run 1
cmp "$out/small.json" "$out/four.json" || { echo "one thread and four give different reports"; exit 1; }
victims
[[ -s $out/victims.txt ]] || { echo "no victim policies found"; exit 1; }

status=0
for file in small.txt small.json small.log victims.txt; do
    if [[ ${1-} == --renew ]]; then
        cp "$out/$file" "$file"
    elif ! diff -u "$file" "$out/$file"; then
        status=1
    fi
done
[[ $status -eq 0 ]] || echo "if this is meant: tests/golden/golden.sh --renew, and explain the difference in the commit"
exit "$status"
