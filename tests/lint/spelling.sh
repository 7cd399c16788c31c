#!/usr/bin/env bash
# spelling.sh - common misspellings in the source and the pages.
source "$(dirname "$0")/lib.sh"

codespell --quiet-level 3 --ignore-words-list 'nd,ba,te,fo,hist,inout,unstalled' \
    --skip 'build,corpus,*.gst,LICENSE,*.db' sim policies backend traces plots tests examples docs scenarios ./*.md ||
    complain "see above"
finish
