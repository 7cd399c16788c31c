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

# bare FOLDER: the C files named on stdin without comments and without what strings hold, line for line, as files there.
bare() {
    FOLDER=$1 perl -MFile::Path=make_path -MFile::Basename -ne 'chomp; my $file = $_;
        my $text = do { local $/; open my $in, "<", $file or die "$file: $!"; <$in> };
        $text =~ s{(/\*.*?\*/|//[^\n]*)|("(?:\\.|[^"\\\n])*")|(\x27(?:\\.|[^\x27\\\n])*\x27)}
                  {my $n = ($& =~ tr/\n//); defined $1 ? " " . "\n" x $n : defined $2 ? "\"\"" : "0"}gsex;
        make_path(dirname("$ENV{FOLDER}/$file"));
        open my $out, ">", "$ENV{FOLDER}/$file" or die "$file: $!"; print $out $text; close $out'
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
