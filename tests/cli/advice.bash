# advice.bash - what the tests of the report's advice share: the program with one database, and what it says to do next.
# shellcheck shell=bash

sim() {
    "$GPUSWAP_SIM" "$@" --db r.db
}

# The words after 'Next: gpuswap-sim run FILE' of a report, without the reason.
next_of() {
    sed -n 's/^Next: gpuswap-sim run [^ ]* \(.*[^ ]\) *# .*/\1/p' "$1"
}
