#!/usr/bin/env bash
# fidelity.sh - every test that is named after a sentence of the two sources stands in docs/fidelity.md, and every one that
# stands there is run; so for the rules S1 to S15.
source "$(dirname "$0")/lib.sh"

named() {
    grep -hoE "cmocka_unit_test\($1" tests/truth/test_source_*.c tests/truth/test_fidelity.c | grep -oE "$1" | sort
}

compare() {
    local line
    while read -r line; do
        complain "docs/fidelity.md: $line"
    done < <(diff "$1" "$2" | sed -n "s/^< \(.*\)/test '\1' is missing/p; s/^> \(.*\)/there is no test '\1'/p")
}

compare <(named 'source_[ab]_[0-9]+') <(grep -oE '^\| .source_[ab]_[0-9]+. ' docs/fidelity.md | grep -oE 'source_[ab]_[0-9]+' | sort)
compare <(named 's[0-9]+_' | tr -d _ | sort -u) <(grep -oE '^\| S[0-9]+ ' docs/fidelity.md | tr -d '| ' | tr S s | sort -u)
finish
