#!/usr/bin/env bash
# kernels.sh [NVCC] - the PTX that is checked in is what nvcc makes of the source, and compiles for all GPUs that are
# named in backend/cuda/CMakeLists.txt.  Without nvcc it is skipped; with another release than the text was made by, the
# text may differ, and only compiling counts.
set -euo pipefail
cd "$(dirname "$0")/../.."
export NVCC=${1-}
made_by='release 13.0'

if [[ -z $NVCC ]]; then
    echo "skipped: there is no nvcc here"
    exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

backend/cuda/kernels.sh "$work/fresh.ptx"
if "$NVCC" --version | grep -q "$made_by"; then
    diff backend/cuda/kernels.ptx "$work/fresh.ptx" || {
        echo "backend/cuda/kernels.ptx is not what nvcc makes of kernels.cu; renew it with: backend/cuda/kernels.sh"
        exit 1
    }
else
    echo "another release of nvcc than the text was made by ($made_by): the texts are not compared"
fi

ptxas=$(dirname "$NVCC")/ptxas
while read -r architecture; do
    "$ptxas" --gpu-name "$architecture" --warning-as-error -o "$work/a.cubin" backend/cuda/kernels.ptx
    echo "$architecture: $(stat -c %s "$work/a.cubin") bytes"
done < <(grep -o 'code=sm_[0-9]*' backend/cuda/CMakeLists.txt | sort -u | sed 's/code=//')
