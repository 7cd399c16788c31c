#!/usr/bin/env bats
# serving.bats - requests made of tokens: their first ones in every output, and promises on them; routers in traces.

bats_require_minimum_version 1.5.0
load advice

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
    cat >chat.ini <<'INI'
[scenario]
duration = 100s
record = bursts
[node]
gpu_memory = 40GB
gpu_reserved = 0GB
[workload.chat]
class = inference
count = 2
memory = 20GB
state = gpu
router = round_robin
arrival = schedule(1s 11s 21s 31s)
input_tokens = 1000
output_tokens = 10
prefill_per_token = 1ms
decode_per_token = 50ms
[sla.chat]
group = chat
ttft_p95 = 1.05s
INI
}

@test "time to the first token: report, JSON, promise, database" {
    sim chat.ini --json chat.json >chat.txt
    grep -qE '^ +first token +1.05 s +1.05 s +1.05 s +1.05 s +1.05 s$' chat.txt
    grep -qE '^SLA  chat +ttft p95 <= 1.05 s .* met ' chat.txt
    jq -e '.groups[0].ttft_s | .mean == 1.05 and .p50 == 1.05 and .p99 == 1.05 and .max == 1.05' chat.json
    jq -e '.sla[0] | .metric == "ttft_p95" and .value == 1.05 and .met and .attainment == 1' chat.json
    [ "$(sqlite3 r.db 'SELECT group_concat(workload || " " || (first_token_ns - ready_ns)) FROM burst')" = \
        "0 1050000000,1 1050000000,0 1050000000,1 1050000000" ]
    run sim chat.ini --quiet --assert --set sla.chat.ttft_p95=1.049s
    [ "$status" -ne 0 ]
}

@test "without tokens there is no time to the first one" {
    sed -i '/tokens\|per_token/d; s/^ttft_p95/response_p95/; s/^router.*/service = 1s/' chat.ini
    sim chat.ini --json chat.json >chat.txt
    run ! grep -q 'first token' chat.txt
    jq -e '.groups[0].ttft_s == null' chat.json
}

@test "a request that waits for its first token at the end counts against the promise" {
    sim chat.ini --json chat.json --set scenario.duration=40s --set workload.chat.arrival='schedule(1s 38s 38s 38s)' \
        --set sla.chat.ttft_p95=1.1s >/dev/null || true
    jq -e '.sla[0] | .attainment == 0.25 and (.met | not)' chat.json
    jq -e '.groups[0] | .completed == 1 and .censored == 3' chat.json
}

@test "routers that look at the GPUs have no trace, nor a known future" {
    run -65 "$GPUSWAP_SIM" trace generate chat.ini -o chat.gst --set workload.chat.router=hot_first
    [[ "$output" == *"depends on what runs"* ]]
    "$GPUSWAP_SIM" trace generate chat.ini -o chat.gst
    [ "$(grep -c ',R,' chat.gst)" -eq 4 ]
    run ! sim chat.ini --set policy.victim=belady
    [[ "$output" == *"cannot know where a 'router' sends requests"* ]]
}
