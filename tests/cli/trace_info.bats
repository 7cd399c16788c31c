#!/usr/bin/env bats
# trace_info.bats - traces compressed, sampled, described as text, JSON and pictures.

# shellcheck disable=SC2154     # $stderr is set by `run --separate-stderr`
bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
    mixed=$GPUSWAP_ROOT/tests/data/mixed.gst
}

trace() {
    run --separate-stderr "$GPUSWAP_SIM" trace "$@"
}

@test "text: times for people, levels, arrivals" {
    trace info "$mixed"
    [[ $status == 0 ]]
    grep -qx 'meta    horizon     10 min' <<<"$output"
    grep -qx 'present     mean 2.2, p5 1, p50 2, p95 4, at most 4' <<<"$output"
    grep -qx 'in service  mean 0.2, p5 0, p50 0, p95 1, at most 3' <<<"$output"
    grep -qx 'dispersion  1.7 in 1 s, 1.6 in 10 s, 1.4 in 60 s .*' <<<"$output"
    trace import "$mixed" -o cut.gst --from 10s --to 2m
    trace info cut.gst
    grep -qx 'meta    select      from=10.0 s; to=2 min' <<<"$output"
    grep -qx 'meta    horizon     1 min 50 s' <<<"$output"
}

@test "JSON holds the same" {
    trace info "$mixed" --json
    [[ $status == 0 ]]
    [[ $(jq -c '[.workloads, .bursts, .present.p95, .in_service.max, .arrivals.models, .arrivals.top1_share,
                 .distributions.burst_s.p50, (.notes | length)]' <<<"$output") == '[4,4,4,3,1,1,8,5]' ]]
    trace info "$GPUSWAP_ROOT/tests/data/samples_smi.csv" --json
    [[ $(jq -c .arrivals <<<"$output") == null ]]
}

@test "pictures, also of a file with an odd name; what cannot be drawn is said" {
    cp "$mixed" "it's \$(touch evil) {x}.gst"
    trace info "it's \$(touch evil) {x}.gst" --plots pictures
    [[ $status == 0 && -z $output ]]
    for picture in times memory concurrency; do
        for suffix in csv gp svg png; do
            [[ -s pictures/$picture.$suffix ]]
        done
    done
    [[ $(head -1 pictures/concurrency.csv) == from_s,present,in_service,in_service_peak ]]
    [[ $(tail -1 pictures/concurrency.csv) == 600,1,0,0 ]]
    [[ $(awk -F, '$3 == "burst" { last = $1 "," $2 } END { print last }' pictures/times.csv) == 20,1 ]]
    grep -q "it's" pictures/times.svg
    [[ ! -e evil ]]
    printf '#gpuswap-trace,1\n0,W,a,n\n' >empty.gst
    trace info empty.gst --plots pictures
    [[ $status == 0 ]]
    grep -q "no picture 'times'" <<<"$stderr"
    [[ ! -e pictures/times.png ]]
    trace info "$mixed" --plots /proc/none
    [[ $status == 73 ]]
    grep -q "cannot create the folder '/proc/none'" <<<"$stderr"
}

@test "zstd and gzip, written by name, read by content, refused when cut short" {
    trace import "$mixed" -o plain.gst
    for ending in gz zst; do
        trace import "$mixed" -o "a.gst.$ending"
        [[ $status == 0 ]]
        mv "a.gst.$ending" b.gst
        trace import b.gst -o -
        [[ $output == "$(cat plain.gst)" ]]
        head -c 150 b.gst >c.gst
        trace check c.gst
        [[ $status == 65 ]]
        grep -q "c.gst:[0-9]*: .* data is cut short" <<<"$stderr"
    done
}

@test "samples are told by their content" {
    for file in smi.csv apps.csv dcgm.txt prometheus.json; do
        trace import "$GPUSWAP_ROOT/tests/data/samples_$file" -o "$file.gst"
        [[ $status == 0 ]]
        grep -q "^assumed work  *utilisation above 5 %" <<<"$stderr"
        trace check "$file.gst"
        [[ $status == 0 ]]
    done
}

@test "memory is the most that a workload holds: a recorded process begins with nothing" {
    cat >begins.gst <<'END'
#gpuswap-trace,1
#meta,name,begins
#meta,source,made up
#meta,horizon,20000000
0,W,a,n,1,0,,,,,,c
1000000,B,a,2000000
2000000,M,a,54525952
5000000,M,a,44040192
9000000,B,a,2000000
20000000,D,a,end
END
    trace info begins.gst --json
    [[ $(jq -c '.distributions.memory_bytes | [.n, .max]' <<<"$output") == '[1,54525952]' ]]
    trace fit begins.gst -o begins.ini
    grep -qx 'memory = .*52MiB.*' begins.ini
}
