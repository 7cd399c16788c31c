#!/usr/bin/env bash
# scripts.sh - shellcheck has nothing to say about the scripts.
source "$(dirname "$0")/lib.sh"

mapfile -t files < <(find quickstart check .ci/run .ci/install tests scenarios plots -type f \
    \( -name '*.sh' -o -name '*.bats' -o -path 'check' -o -path 'quickstart' -o -path '.ci/*' \) | sort)
shellcheck -x -P SCRIPTDIR -S style "${files[@]}" || complain "see above"
finish
