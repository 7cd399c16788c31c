#!/usr/bin/env bats
# loads.bats - each scenario of scenarios/traces takes a trace of its class, and no burst of it is lost.

# shellcheck disable=SC2154     # $stderr is set by `run --separate-stderr`
bats_require_minimum_version 1.5.0

setup() {
    tests=$BATS_TEST_DIRNAME/..
    scenarios=$tests/../scenarios/traces
    cd "$BATS_TEST_TMPDIR" || exit
}

# The scenario, the format, the file of tests/data, how many workloads of one GPU and bursts it has (- where they are
# drawn), and options for so short a trace.
table() {
    cat <<'END'
notebooks.ini     adobe-notebooks sessions.csv        1  4
training.ini      muri            jobs-muri.csv       3  3
pods.ini          openb           pods-openb.csv      2  -
conversations.ini azure-llm       llm-azure.csv       8  4
models.ini        servegen        clients-servegen.csv 2 - -O rate_scale=0.1
functions.ini     azure-functions functions-azure.csv 3 10
realtime.ini      disb            tasks-disb.json     2  5
END
}

# replay SCENARIO FORMAT FILE [OPTION...]: all of the trace, on a GPU that holds one of its workloads, into out.json.
replay() {
    run --separate-stderr "$GPUSWAP_SIM" replay --format "$2" "$tests/data/$3" "$scenarios/$1" --quiet --json out.json \
        --set trace.trace.from=0 --set trace.trace.to=end --set trace.trace.sample=all \
        --set trace.trace.memory=45GiB --set node.gpus=1 --set node.gpu_memory=80GiB --set node.swap_file=1TiB "${@:4}"
    [ "$status" -eq 0 ] || { echo "$1: $stderr"; return 1; }
}

@test "the table has all scenarios" {
    [ "$(table | awk '{ print $1 }' | sort)" = "$(cd "$scenarios" && printf '%s\n' *.ini | sort)" ]
}

@test "recorded bursts are done, under way at the end, or were not reached; nobody is refused" {
    local scenario format file workloads bursts options
    while read -r scenario format file workloads bursts options; do
        # shellcheck disable=SC2086     # several options
        replay "$scenario" "$format" "$file" $options
        jq -e --arg workloads "$workloads" --arg bursts "$bursts" '
            .groups[0] | (.workloads | tostring) == $workloads and .completed > 0 and
            ($bursts == "-" or (.recorded | tostring) == $bursts) and
            .refused == 0 and .rejected == 0 and .oom_kills == 0 and
            .recorded == .completed + .censored + .unreached' out.json ||
            { echo "$scenario: $(jq -c '.groups[0]' out.json)"; return 1; }
    done < <(table)
}

@test "where the time went adds up to the response, and useful, switching and idle to all of the time" {
    local scenario format file workloads bursts options
    while read -r scenario format file workloads bursts options; do
        # shellcheck disable=SC2086     # several options
        replay "$scenario" "$format" "$file" $options
        jq -e 'def near(a; b): (a - b | fabs) < 1e-6 * b;
            (.groups[0] | near(.response_s.mean / .slowdown.mean + ([.stall_s[]] | add); .response_s.mean)) and
            (.gpus | all(near(.useful + .switching + .idle; 1)))' out.json ||
            { echo "$scenario: $(jq -c . out.json)"; return 1; }
    done < <(table)
}
