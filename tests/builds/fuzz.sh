#!/usr/bin/env bash
# fuzz.sh - build the libFuzzer targets and let each look for new inputs for a minute.
set -euo pipefail
cd "$(dirname "$0")/../.."

cmake --preset fuzz >/dev/null
cmake --build --preset fuzz --parallel "$(nproc)" -- --quiet
ctest --test-dir build/fuzz --parallel "$(nproc)" --output-on-failure --no-tests=error --label-regex '^fuzz$'
