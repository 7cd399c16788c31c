#!/usr/bin/env bash
# forbidden.sh - calls that only some places may make.  A rule: the calls (or, after a '=', the words); the files they
# are forbidden in; those of them that may all the same; why.
source "$(dirname "$0")/lib.sh"

rules=(
    '_?exit|quick_exit|abort'
    '.' '^sim/cli/|^sim/scenario/plugin\.c|^backend/double/violation\.c|^backend/measure/contexts\.c'
    'only the command line ends the program (a child that tries a plug-in or a context itself, a driver that finds itself
     misused and is to be strict, its host); return a code and set the error'

    'v?printf|puts|putchar|perror'
    '.' '^sim/cli/'
    'data goes to a stream that the caller hands in'

    '=stdout|stderr'
    '.' '^sim/cli/'
    'the caller hands in the stream'

    'malloc|calloc|realloc|reallocarray|aligned_alloc|posix_memalign|strdup|strndup|v?asprintf|alloca'
    '.' '^sim/cli/|^sim/base/arena\.c|^backend/serve/'
    'take memory from an arena, or heap_resize: tests make each allocation fail (a daemon never ends: what comes and goes
     under it is freed)'

    'ato(i|l|ll|f)|strto(d|f|ld|l|ll|ul|ull|imax|umax)|v?f?s?scanf'
    '.' '^sim/base/units\.c|^backend/serve/(journal|processes)\.c'
    'units.c parses every number (but those of the kernel about processes, and of the daemon to its successor)'

    'sprintf|vsprintf|strcpy|strcat|gets|strtok|tmpnam|mktemp|system'
    '.' '^$'
    'there is a safe one: snprintf, memcpy, strtok_r, mkstemp, posix_spawn'

    's?rand|random|srandom|[dlm]rand48|rand_r|getrandom'
    '.' '^backend/serve/guests\.c'
    'draw from a stream (sim/base/random.h): same seed, same bytes (a ticket is to be guessed by nobody)'

    'getenv'
    '^backend/gate/' '^$'
    'the gate may be in a program with rights of its file: secure_getenv'

    'pthread_[a-z_]+|thrd_[a-z]+'
    '.' '^sim/(run|cli)/|^backend/double/(enter|serve)\.c|^backend/(gate|serve)/'
    'threads run whole replications side by side; nothing below knows of them (a driver is called by any: the double locks,
     and so does the gate)'

    'time|clock|machine_ns|clock_gettime|gettimeofday|localtime(_r)?|gmtime(_r)?|nanosleep|usleep|sleep'
    '.' '^sim/(run|cli|results)/|^sim/engine/models\.c|^sim/base/machine\.[ch]|^backend/(double|gate|live|serve)/'
    'time comes with the event; a simulation reads no clock (models.c is a benchmark)'

    'exp|exp2|expm1|log|log2|log10|log1p|pow|cbrt|hypot|sin|cos|tan|tgamma|lgamma'
    '^(policies|backend|sim/(base|engine|load))/' '^sim/base/exact\.c'
    'the last bit of these depends on the processor: use sim/base/exact.h'
)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sources sim policies backend traces plots | bare "$work"

for ((i = 0; i < ${#rules[@]}; i += 4)); do
    case "${rules[i]}" in
        =*) words="(${rules[i]#=})($|[^A-Za-z0-9_])" ;;
        *) words="(${rules[i]})[[:space:]]*\\(" ;;
    esac
    while IFS=: read -r file line hit; do
        complain "$file:$line: '${hit//[^A-Za-z0-9_]/}': ${rules[i + 3]}"
    done < <(find "$work" -name '*.[ch]' -printf '%P\n' | sort | grep -E -e "${rules[i + 1]}" |
        grep -Ev -e "${rules[i + 2]}" |
        (cd "$work" && xargs -r grep -nHE -o -e "(^|[^A-Za-z0-9_>.])$words") || true)
done
finish
