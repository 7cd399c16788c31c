#!/usr/bin/env bash
# runbook.sh - what docs/runbook.md quotes of the program's messages, the program says.
source "$(dirname "$0")/lib.sh"

# All C, with strings that go on in the next line in one piece.
said=$(find sim backend -name '*.[ch]' -print0 | xargs -0 cat | perl -0777 -pe 's/"\s*\n\s*"//g; s/%[a-z]+|%"\s*PRI[a-z0-9A-Z]+\s*"/N/g')
count=0
# shellcheck disable=SC2016
quotes=$(sed -n '/^## What it says/,/^## The daemon has died/s/^| `\([^`]*\)`.*/\1/p' docs/runbook.md)
while IFS= read -r quoted; do
    count=$((count + 1))
    while IFS= read -r piece; do
        [[ -z $piece ]] || grep -qF -- "$piece" <<<"$said" || complain "docs/runbook.md: nobody says '$piece'"
    done < <(perl -pe 's/\.\.\.|\(\.\.\.\)|NAME\]/\n/g' <<<"$quoted" | sed 's/^ *//; s/[ (:]*$//')
done <<<"$quotes"
((count > 20)) || complain "docs/runbook.md: only $count messages found"
finish
