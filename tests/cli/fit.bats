#!/usr/bin/env bats
# fit.bats - trace generate and trace fit: from a scenario to a synthetic trace, from a trace to a scenario that runs.

bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
    cat >a.ini <<'END_OF_SCENARIO'
[scenario]
duration = 8h
seed = 5
[node]
gpu_memory = 80GiB
swap_file = 900GiB
[workload.NB]
class = notebook
count = 6
memory = trunc(lognormal(8GiB,0.5),1GiB,30GiB)
think = exp(90s)
burst = lognormal(8s,0.8)
[workload.TR]
class = training
count = 20
memory = 10GiB
start = uniform(0s,2h)
iterations = 100
iteration = 2s
gap = 500ms
[workload.WEB]
class = inference
memory = 10GiB
arrival = onoff(5m,20m,1/s)
service = gamma(2,300ms)
END_OF_SCENARIO
}

# generate OUT.gst OPTION...: from a.ini, and it is a valid trace.
generate() {
    "$GPUSWAP_SIM" trace generate a.ini -o "$@"
    "$GPUSWAP_SIM" trace check "$1"
}

# refused CODE TEXT ARGUMENT...: exits with CODE and says TEXT on stderr.
refused() {
    run --separate-stderr "$GPUSWAP_SIM" "${@:3}"
    [ "$status" -eq "$1" ]
    [[ $stderr == *"$2"* ]] || { echo "said: $stderr"; return 1; }
}

@test "generate: a valid trace of the scenario's length, the same bytes for the same seed" {
    run --separate-stderr generate a.gst
    [ "$status" -eq 0 ]
    [[ $output == *"a.gst: valid"*"W 27,"*"T 20,"*"D 20,"* ]]
    [[ $stderr == "a.gst: 27 workloads, "*"bursts and requests, "* ]]
    generate b.gst
    cmp a.gst b.gst
    generate c.gst --seed 6
    run ! cmp -s a.gst c.gst
    generate d.gst --set scenario.seed=6
    cmp c.gst d.gst
    "$GPUSWAP_SIM" trace generate a.ini -o - >e.gst
    cmp a.gst e.gst
}

@test "generate: the header says what it is" {
    generate a.gst
    grep -qx '#meta,importer,generate,1,seed=5' a.gst
    grep -qx '#meta,horizon,28800000000' a.gst
    grep -q '^#assume,load,synthetic' a.gst
    grep -qx '#assume,workload.NB.burst,lognormal(8s;0.8)' a.gst
}

@test "generate: --duration makes it longer, with the same beginning" {
    generate a.gst --duration 2h
    generate b.gst --duration 4h
    grep -q '^#meta,horizon,7200000000$' a.gst
    grep -v '^#' a.gst >a
    grep -v '^#' b.gst | head -n "$(wc -l <a)" | cmp - a
}

@test "generate: a scenario that ends by itself needs no duration" {
    printf '%s\n' '[node]' 'gpu_memory = 80GiB' '[workload.T]' 'class = training' 'memory = 5GiB' 'gpu_work = 1h' >t.ini
    "$GPUSWAP_SIM" trace generate t.ini -o t.gst
    printf '%s\n' 0,W,T-1,t,,5368709120,,,,64,,c,T 0,B,T-1,3600000000 3600000000,D,T-1 >due
    grep -v '^#' t.gst | diff - due
}

@test "generate: what it is given is checked" {
    refused 64 "no output given" trace generate a.ini
    refused 64 "no scenario given" trace generate -o a.gst
    refused 66 "none.ini" trace generate none.ini -o a.gst
    refused 65 "duration" trace generate a.ini -o a.gst --duration 5
    refused 73 "nowhere" trace generate a.ini -o nowhere/a.gst
    generate a.gst
    printf '%s\n' '[node]' 'gpu_memory = 80GiB' '[trace.x]' 'file = a.gst' >x.ini
    refused 65 "is recorded already" trace generate x.ini -o b.gst
    [ ! -e b.gst ]
}

@test "fit: the report names laws and errors, the scenario runs as it is" {
    generate a.gst
    run --separate-stderr "$GPUSWAP_SIM" trace fit a.gst -o b.ini
    [ "$status" -eq 0 ]
    [ -z "$stderr" ]
    [[ $output == *"think: n "*"KS"*" exp("*"burst: n "*"KS"*" lognormal("* ]]
    grep -q "^; Fitted to the trace 'a.gst': 27 workloads" b.ini
    grep -qx 'duration = 8h' b.ini
    grep -q '^think = exp(' b.ini
    grep -q '^burst = lognormal(' b.ini
    grep -qx 'iterations = 100' b.ini
    grep -qx 'iteration = 2s' b.ini
    grep -qx 'gap = 500ms' b.ini
    grep -q '^arrival = onoff(' b.ini
    grep -q '^service = gamma(' b.ini
    [ "$(grep -c '^\[workload\.' b.ini)" -eq 3 ]
    run --separate-stderr "$GPUSWAP_SIM" b.ini --json -
    [ "$status" -eq 0 ]
    jq -e '[.groups[] | .completed > 100] | all' <<<"$output"
}

@test "fit: -o - gives the scenario alone on stdout; without -o nothing is written" {
    generate a.gst
    "$GPUSWAP_SIM" trace fit a.gst -o b.ini >report
    run --separate-stderr "$GPUSWAP_SIM" trace fit a.gst -o -
    [ "$output" = "$(cat b.ini)" ]
    [ "$stderr" = "$(cat report)" ]
    "$GPUSWAP_SIM" trace fit a.gst -o - 2>&- | "$GPUSWAP_SIM" - --quiet
    "$GPUSWAP_SIM" trace fit a.gst >again
    cmp report again
    [ ! -e a.ini.gst ]
}

@test "fit: one part a class where groups are many or missing, count is who is there on average" {
    {
        printf '#gpuswap-trace,1\n#meta,horizon,4000000000\n'
        for i in {1..40}; do
            printf '%d00000000,W,n%d,n,1,5368709120\n%d10000000,B,n%d,20000000\n' "$((i - 1))" "$i" "$((i - 1))" "$i"
            printf '%d50000000,B,n%d,10000000,20000000\n%d00000000,D,n%d\n' "$((i - 1))" "$i" "$i" "$i"
        done
    } >n.gst
    "$GPUSWAP_SIM" trace fit n.gst -o n.ini
    grep -qx '\[workload.notebook\]' n.ini
    grep -qx 'count = 1' n.ini
    grep -qx 'memory = 5GiB' n.ini
    grep -qx 'think = 20s' n.ini
    grep -qx 'burst = mix(40:10s, 40:20s)' n.ini
    run ! grep -q "^start" n.ini
    "$GPUSWAP_SIM" n.ini --quiet
}

@test "fit: jobs with different numbers of iterations are told as a whole, their gaps as work without the GPU" {
    printf '%s\n' '#gpuswap-trace,1' 0,W,a,t,1,5 0,W,b,t,1,5 1000000,T,a,10,2000000,500000 3000000,T,b,20,1000000,1000000 \
        >t.gst
    "$GPUSWAP_SIM" trace fit t.gst -o t.ini
    grep -qx 'gpu_work = 20s' t.ini
    grep -qx 'cpu_work = mix(1:5.5s, 1:22s)' t.ini
    run ! grep -q iteration t.ini
    "$GPUSWAP_SIM" t.ini --quiet
}

@test "fit: models that are asked at different rates are parts of their own" {
    {
        printf '#gpuswap-trace,1\n0,W,often,i,1,5368709120\n0,W,seldom,i,1,5368709120\n'
        for i in {1..400}; do
            printf '%d000000,R,often,10,20,%d\n' "$((i * 2))" "$((400000 + i * 1000))"
            [ "$((i % 40))" -ne 0 ] || printf '%d000000,R,seldom,10,20,500000\n' "$((i * 2))"
        done
    } >i.gst
    "$GPUSWAP_SIM" trace fit i.gst -o i.ini
    [ "$(grep -c '^\[workload\.inference' i.ini)" -eq 2 ]
    grep -q '^; input_tokens = 10$' i.ini
    grep -q '^arrival = gamma(0.01,0.5/s)$' i.ini     # a clock
    "$GPUSWAP_SIM" i.ini --quiet
}

@test "fit: workloads of which little is known still make a scenario that runs" {
    printf '%s\n' '#gpuswap-trace,1' '#meta,horizon,9000000' 0,W,a,n,1,5 0,W,b,t,1,6 0,W,c,i,1,7 1000000,B,a,5000 >s.gst
    "$GPUSWAP_SIM" trace fit s.gst -o s.ini
    "$GPUSWAP_SIM" s.ini --quiet
}

@test "fit: what it is given is checked" {
    refused 64 "no file given" trace fit
    refused 66 "none.gst" trace fit none.gst
    printf '%s\n' '#gpuswap-trace,1' 0,W,a,n,1 5,B,a,5 >m.gst
    refused 65 "memory" trace fit m.gst
    "$GPUSWAP_SIM" trace fit m.gst --mem 5GiB -o m.ini
    grep -qx 'memory = 5GiB' m.ini
    printf '%s\n' '#gpuswap-trace,1' 0,W,a,n,1,5 >e.gst
    refused 65 "nothing happens" trace fit e.gst
    generate a.gst
    refused 73 "nowhere" trace fit a.gst -o nowhere/b.ini
}
