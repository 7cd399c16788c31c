#!/usr/bin/env bats
# questions.bats - each scenario of scenarios/policies is accepted, the commands in its header run, and its findings point
# where the header says.

# shellcheck disable=SC2154     # $stderr is set by `run --separate-stderr`
bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_DIRNAME/../.." || exit
    scenarios=scenarios/policies
    mkdir "$BATS_TEST_TMPDIR/bin"
    ln -s "$GPUSWAP_SIM" "$BATS_TEST_TMPDIR/bin/gpuswap-sim"
    PATH=$BATS_TEST_TMPDIR/bin:$PATH
}

# commands SCENARIO: those in its header, one a line.
commands() {
    awk '/^; / { line = $0; sub(/^; */, "", line)
                 if (line ~ /^gpuswap-sim / || more) { more = sub(/\\$/, "", line); printf "%s%s", line, more ? "" : "\n" } }' \
        "$1"
}

# finds SCENARIO SCOPE NAME METRIC VERDICT ARGUMENT...: so the last alternative is judged against the first.
finds() {
    run --separate-stderr gpuswap-sim compare "$scenarios/$1.ini" --quiet --json "$BATS_TEST_TMPDIR/c.json" "${@:6}"
    [ "$status" -eq 0 ] || { echo "$1: $stderr"; return 1; }
    verdict=$(jq -r --arg s "$2" --arg n "$3" --arg m "$4" '.metrics[] | select(.scope == $s and .name == $n and
        .metric == $m) | .differences[-1] | "\(.verdict) \(.difference) in \(.ci95)"' "$BATS_TEST_TMPDIR/c.json")
    [ "${verdict%% *}" = "$5" ] || { echo "$*: not $5 but $verdict"; return 1; }
}

@test "each scenario has a test of its findings" {
    for scenario in "$scenarios"/*.ini; do
        name=${scenario##*/}
        grep -q "^    finds ${name%.ini} " "$BATS_TEST_FILENAME" || { echo "no finding of $name is tested"; return 1; }
    done
}

@test "the commands in the headers run" {
    for scenario in "$scenarios"/*.ini; do
        count=0
        while read -r command; do
            run --separate-stderr bash -c "$command --replications 2 --set scenario.duration=30m --set scenario.warmup=0s"
            [ "$status" -eq 0 ] || { echo "$command: $stderr"; return 1; }
            [[ $command == *"$scenario"* ]] || [[ $count -gt 0 ]] || { echo "$scenario: first '$command'"; return 1; }
            count=$((count + 1))
        done < <(commands "$scenario")
        [ "$count" -gt 0 ] || { echo "$scenario has no command in its header"; return 1; }
    done
}

@test "thrashing: turns by cost leave more for jobs and let people wait less than short ones" {
    local short=(--replications 5 --set scenario.duration=3h)
    finds thrashing sla training throughput_share better "${short[@]}" --policy slicer.quantum=2s --policy slicer=cost
    finds thrashing sla notebook response_p95 better "${short[@]}" --policy slicer.quantum=2s --policy slicer=cost
    finds thrashing sla training throughput_share better "${short[@]}" --policy slicer.quantum=2s \
        --policy slicer=loadcontrol
    finds thrashing sla notebook response_p95 worse "${short[@]}" --policy slicer.quantum=2s \
        --policy slicer=loadcontrol
    finds thrashing sla training throughput_share better "${short[@]}" --policy slicer.quantum=2s \
        --policy slicer=antithrash
}

@test "thrashing: with one workload too many the victim decides, with none it does not" {
    local short=(--replications 5 --set scenario.duration=3h --set policy.slicer.quantum=2s)
    finds thrashing sla training throughput_share better "${short[@]}" --set workload.training.count=3 \
        --policy victim=lru --policy victim=cost
    finds thrashing sla training throughput_share better "${short[@]}" --set workload.training.count=3 \
        --policy victim=lru --policy victim=random
    finds thrashing sla training throughput_share identical "${short[@]}" --set workload.training.count=2 \
        --policy victim=lru --policy victim=cost
}

@test "cyclic turns: mru does what knowing the future would; not where people have habits" {
    finds cyclic-turns group job makespan better --policy victim=lru --policy victim=mru
    finds cyclic-turns group job makespan identical --policy victim=belady --policy victim=mru
    finds cyclic-turns group job response_mean worse --set workload.job.count=6 \
        --set "workload.job.iteration=lognormal(2s, 0.5)" --set "workload.job.gap=mix(0.9:exp(2s), 0.1:exp(5m))" \
        --policy victim=lru --policy victim=mru
    local turns=(--set policy.slicer=rr --set policy.slicer.quantum=2s)
    finds cyclic-turns group job makespan better "${turns[@]}" --policy victim=lru --policy victim=mru
    finds cyclic-turns group job makespan identical "${turns[@]}" --policy victim=cost --policy victim=mru
}

@test "copies ahead of time: better while links are idle, worse where they are full" {
    local short=(--replications 4 --set scenario.duration=3h)
    finds pre-clean group notebook response_mean better "${short[@]}" --policy prefetch=none --policy prefetch=clean
    finds pre-clean group notebook response_mean worse "${short[@]}" --set node.host_bandwidth=12GB/s \
        --policy prefetch=none --policy prefetch=clean
}

@test "beside training: fair shares cost people much and give the job little" {
    local short=(--replications 5 --set scenario.duration=4h)
    finds beside-training sla notebook response_p95 worse "${short[@]}" --policy slicer=priority --policy slicer=fair
    finds beside-training sla training throughput_share better "${short[@]}" --policy slicer=priority \
        --policy slicer=fair
    finds beside-training group notebook response_mean worse "${short[@]}" --policy slicer=priority \
        --policy slicer=fcfs
    finds beside-training group notebook response_mean better "${short[@]}" --policy slicer=fcfs --policy slicer=cost
}

@test "long cells: turns by the cost of swaps where cells differ much, copies ahead of time where all are short" {
    local all_short=(--set "workload.notebook.burst=lognormal(5s, 1)" --replications 5)
    finds long-cells group notebook response_p95 better --policy slicer=ps --policy slicer=cost
    finds long-cells group notebook response_mean worse --policy slicer=ps --policy slicer=fcfs
    finds long-cells group notebook response_mean better --policy slicer=cost --policy slicer=las
    finds long-cells group notebook response_mean worse --set node.h2d=6GB/s --set node.d2h=6GB/s \
        --policy slicer=cost --policy slicer=las
    finds long-cells group notebook response_mean unclear "${all_short[@]}" --policy slicer=ps --policy slicer=cost
    finds long-cells group notebook response_mean better "${all_short[@]}" --policy slicer=ps --policy prefetch=clean
}

@test "which victim: none is better than another where all are alike, but for the future; cost where they differ" {
    local alike=(--set "workload.often.arrival=poisson(37.5/h)" --set "workload.seldom.arrival=poisson(37.5/h)")
    finds which-victim sla all response_mean better --policy victim=lru --policy victim=cost
    finds which-victim sla all response_mean worse --policy victim=lru --policy victim=random
    finds which-victim sla all response_mean unclear "${alike[@]}" --policy victim=lru --policy victim=random
    finds which-victim sla all response_mean better "${alike[@]}" --policy victim=lru --policy victim=belady
}

@test "several turns: some fewer than fit hide swaps, one fewer only with the right victim, as many as fit do not" {
    local mru=(--replications 5 --set policy.victim=mru)
    finds several-turns group job makespan better --replications 5 --policy slicer.width=1 --policy slicer.width=3
    finds several-turns group job makespan worse --replications 5 --policy slicer.width=1 --policy slicer.width=4
    finds several-turns group job makespan better "${mru[@]}" --policy slicer.width=1 --policy slicer.width=4
    finds several-turns group job makespan worse "${mru[@]}" --policy slicer.width=1 --policy slicer.width=5
}

@test "eager or lazy: by the memory that is missing; copies are better than both" {
    local seldom=(--set workload.notebook.count=12 --set "workload.notebook.think=lognormal(5m, 1.2)")
    finds eager-or-lazy group notebook response_mean worse --set workload.notebook.count=3 --policy prefetch=none \
        --policy prefetch=eager
    finds eager-or-lazy group notebook response_mean better "${seldom[@]}" --policy prefetch=none \
        --policy prefetch=eager
    finds eager-or-lazy group notebook response_mean better --policy prefetch=none --policy prefetch=clean
    finds eager-or-lazy group notebook response_mean better "${seldom[@]}" --policy prefetch=eager \
        --policy prefetch=clean
}

@test "two models in turn: turns serve what the order of arrival cannot" {
    local busy=(--replications 3 --set scenario.duration=2h --policy slicer=fcfs)
    finds models-in-turn group model response_mean better "${busy[@]}" --policy slicer=rr,slicer.quantum=30s
    finds models-in-turn group model response_mean better "${busy[@]}" --policy slicer=antithrash
    finds models-in-turn group model response_mean better "${busy[@]}" --policy slicer=loadcontrol
}

@test "inclusive file: copies halve the response where all have room, and buy nothing where all is written" {
    local short=(--replications 3 --set scenario.duration=3h)
    local copies=--variant=workload.model.keep_host_copy
    finds inclusive-file group model response_mean better "${short[@]}" "$copies=no" "$copies=yes"
    finds inclusive-file group model response_mean identical "${short[@]}" --set workload.model.dirty=1 \
        "$copies=no" "$copies=yes"
    finds inclusive-file group model response_mean worse "${short[@]}" --set workload.model.keep_host_copy=yes \
        --variant node.swap_file=160GiB --variant node.swap_file=128GiB
}

@test "full swap file: blocking is best with room to spare and keeps large ones out without; shares help nobody" {
    local spill=(--replications 10 --set scenario.duration=6h --policy cap.when_full=spill)
    finds full-swap-file group large response_mean better --set node.swap_file=190GiB "${spill[@]}" \
        --policy cap.when_full=block
    finds full-swap-file sla large throughput_share worse --set node.swap_file=100GiB "${spill[@]}" \
        --policy cap.when_full=block
    finds full-swap-file group large response_mean worse "${spill[@]}" --policy cap=maxmin
    finds full-swap-file sla large throughput_share worse "${spill[@]}" --policy cap=strict
}

@test "in part: less is moved where some fit in part; nothing is won where none does, nor with copies" {
    local one=(--replications 3 --set scenario.duration=4h)
    local victims=(--policy victim=lru --policy victim=partial)
    local copies="workload.model.keep_host_copy=yes workload.model.dirty=0"
    finds in-part group model response_mean better "${one[@]}" "${victims[@]}"
    finds in-part run "" swapped_bytes less "${one[@]}" "${victims[@]}"
    finds in-part run "" swaps_per_h more "${one[@]}" --set workload.model.count=6 "${victims[@]}"
    finds in-part group model response_mean identical "${one[@]}" --set workload.model.memory=39GiB "${victims[@]}"
    finds in-part group model response_mean worse "${one[@]}" --variant policy.victim=partial --variant "$copies"
    finds in-part group model response_mean identical "${one[@]}" --set workload.model.keep_host_copy=yes \
        --set workload.model.dirty=0 "${victims[@]}"
    finds which-victim sla all response_mean better --policy victim=partial --policy victim=cost
}
