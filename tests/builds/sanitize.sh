#!/usr/bin/env bash
# sanitize.sh PRESET LABELS - build with a sanitizer and run the tests of these labels (a regular expression) in it.
set -euo pipefail
cd "$(dirname "$0")/../.."
preset=$1 labels=$2

cmake --preset "$preset" >/dev/null
targets=()
if [[ $preset == tsan ]]; then
    targets=(--target test_threads)
fi
cmake --build --preset "$preset" "${targets[@]}" --parallel "$(nproc)" -- --quiet

# The thread sanitizer of gcc 12 stumbles over the address layout of newer kernels unless that is held fixed.
fixed=()
if [[ $preset == tsan ]] && setarch --addr-no-randomize true 2>/dev/null; then
    fixed=(setarch --addr-no-randomize)
fi
"${fixed[@]}" ctest --test-dir "build/$preset" --parallel "$(nproc)" --output-on-failure --no-tests=error \
    --label-regex "$labels" --label-exclude "long|waits|once"
