#!/usr/bin/env bash
# sanitize.sh PRESET LABELS - build with a sanitizer and run the tests of these labels (a regular expression) in it.
set -euo pipefail
cd "$(dirname "$0")/../.."
preset=$1 labels=$2

cmake --preset "$preset" >/dev/null
cmake --build --preset "$preset" --parallel "$(nproc)" -- --quiet
ctest --test-dir "build/$preset" --parallel "$(nproc)" --output-on-failure --no-tests=error \
    --label-regex "$labels" --label-exclude long
