#!/usr/bin/env bash
# stub.sh HEADERS GATE PROBE WORK - the gate exports what the toolkit's stub does, with the stub behind it each call says
# that it is one, and its table of submissions is what the toolkit's headers say.
set -euo pipefail
headers=$1 gate=$2 probe=$3 work=$4
stub=$headers/../lib64/stubs/libcuda.so
if [[ ! -e $stub ]]; then
    echo "skipped: no stub beside $headers"
    exit 77
fi
missing=$(comm -23 <(nm -D --defined-only "$stub" | awk '{ print $3 }' | sort) \
    <(nm -D --defined-only "$gate" | awk '{ print $3 }' | sort))
if [[ -n $missing ]] && grep -q '^#define CUDA_VERSION 13000' "$headers/cuda.h"; then
    echo "the gate lacks: $missing"
    exit 1
fi
LD_PRELOAD=$gate GPUSWAP_LIBCUDA=$stub ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0 "$probe" stub
if grep -q '^#define CUDA_VERSION 13000' "$headers/cuda.h"; then
    backend/gate/submissions.sh "$headers" "$work/submissions.h"
    diff backend/gate/submissions.h "$work/submissions.h" || {
        echo "renew it with: backend/gate/submissions.sh $headers"
        exit 1
    }
fi
