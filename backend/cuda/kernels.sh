#!/usr/bin/env bash
# kernels.sh [FILE] - make kernels.ptx (or FILE) of kernels.cu.
#
# nvcc writes the PTX version of its own release, which only drivers as new can compile; the text needs nothing beyond
# version 6.3, the first that knows sm_75.  Said so, drivers from 2018 on take it, and so will those to come.
set -euo pipefail
cd "$(dirname "$0")"
out=${1:-kernels.ptx}
nvcc=${NVCC:-nvcc}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$nvcc" -ptx -arch=compute_75 -O3 -o "$work/kernels.ptx" kernels.cu
{
    printf '// Made by kernels.sh from kernels.cu; do not edit.\n'
    sed -e '/^\/\//d' -e 's/^\.version .*/.version 6.3/' -e 's/^\.target .*/.target sm_75/' "$work/kernels.ptx" | cat -s
} >"$work/done"
cp "$work/done" "$out"
