#!/usr/bin/env bash
# format.sh [--fix] - the source is laid out as .clang-format says; --fix lays it out.
source "$(dirname "$0")/lib.sh"

mapfile -t files < <(sources)
if [[ ${1-} == --fix ]]; then
    clang-format -i "${files[@]}"
    clang-format -i "${files[@]}"       # some macros come to rest only at the second pass
else
    clang-format --dry-run -Werror "${files[@]}" || complain "lay them out with: tests/lint/format.sh --fix"
fi
finish
