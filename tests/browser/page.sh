#!/usr/bin/env bash
# page.sh - the page in a browser: tests/browser/page.bats, where there is one.
set -euo pipefail
cd "$(dirname "$0")"

if ! command -v chromium >/dev/null; then
    echo "skipped: there is no chromium; 'apt-get install --no-install-recommends chromium' has it (300 MB)"
    exit 77
fi
exec bats page.bats
