#!/usr/bin/env bash
# stub.sh PROGRAM HEADERS SIMULATOR - every symbol of the driver's table is one that a driver exports: the toolkit's stub
# has it.  The stub itself is told from a driver.  And the simulator needs no driver to start.
set -euo pipefail
program=$1 headers=$2 simulator=$3

if ldd "$simulator" | grep -E 'libcuda|libnvidia-ml'; then
    echo "$simulator is linked to a driver"
    exit 1
fi
stub=$headers/../lib64/stubs/libcuda.so
if [[ ! -e $stub ]]; then
    echo "skipped: no stub beside $headers"
    exit 77
fi
nm -D --defined-only "$stub" | awk '{ print $3 }' | sort >"$(dirname "$program")/stub_symbols"
missing=$("$program" --symbols | sort | comm -23 - "$(dirname "$program")/stub_symbols")
if [[ -n $missing ]]; then
    echo "the stub lacks: $missing"
    exit 1
fi
said=$(GPUSWAP_LIBCUDA=$stub "$program" || true)
grep -q "is the toolkit's stub and no driver" <<<"$said" || {
    echo "the stub is taken for: $said"
    exit 1
}
