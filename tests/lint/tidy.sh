#!/usr/bin/env bash
# tidy.sh BUILD-FOLDER - clang-tidy over the program, with the checks of .clang-tidy.
source "$(dirname "$0")/lib.sh"
build=$1

sources sim policies backend traces plots | grep '\.c$' |
    xargs -P "$(nproc)" -n 1 clang-tidy -p "$build" --quiet 2>/dev/null || complain "see above"
finish
