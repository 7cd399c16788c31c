#!/usr/bin/env bash
# runtime.sh NVCC GATE FEW WORK - programs with the CUDA runtime, linked statically and shared, get their calls from the
# gate: the driver behind it, which they do not know of, is asked.
set -euo pipefail
nvcc=$1 gate=$2 few=$3 work=$4
if [[ -z $nvcc ]]; then
    echo "skipped: there is no nvcc here"
    exit 77
fi
mkdir -p "$work"
cat >"$work/runtime.cu" <<'TEXT'
#include <cstdio>
int main()
{
    int count = -1;
    cudaError_t result = cudaGetDeviceCount(&count);
    printf("%d %d\n", (int)result, count);
}
TEXT
for cudart in static shared; do
    "$nvcc" -cudart "$cudart" -o "$work/runtime_$cudart" "$work/runtime.cu"
    LD_PRELOAD=$gate GPUSWAP_LIBCUDA=$few FEW_LOG=1 LD_LIBRARY_PATH=$(dirname "$nvcc")/../lib64 \
        ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0 "$work/runtime_$cudart" >"$work/out" 2>"$work/asked" || true
    count=$(grep -c "^asked" "$work/asked" || true)
    echo "$cudart: asked for $count calls"
    for call in cuLaunchKernel cuMemcpyHtoDAsync cuGraphLaunch; do
        grep -q "^asked '$call'" "$work/asked" || {
            echo "the $cudart runtime did not come to the gate for $call"
            exit 1
        }
    done
done
