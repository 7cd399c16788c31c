# lib.sh - what the lint scripts share: the root of the source, its files, and how to end.
# shellcheck shell=bash
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

# C sources and headers of the project, of the given folders or of all.
sources() {
    if [[ $# -eq 0 ]]; then
        set -- sim policies backend traces plots tests examples
    fi
    find "$@" -name '*.[ch]' -not -path '*/corpus/*' | sort
}

# The text of a C file without comments and without what strings hold, line for line.
bare() {
    perl -0pe 's{(/\*.*?\*/|//[^\n]*)|("(?:\\.|[^"\\\n])*")|(\x27(?:\\.|[^\x27\\\n])*\x27)}
                {my $n = ($& =~ tr/\n//); defined $1 ? " " . "\n" x $n : defined $2 ? "\"\"" : "0"}gsex' "$1"
}

complaints=0
complain() {
    printf '%s\n' "$*"
    complaints=$((complaints + 1))
}

finish() {
    if [[ $complaints -ne 0 ]]; then
        printf '%s: %d complaints\n' "$(basename "$0")" "$complaints"
        exit 1
    fi
}
