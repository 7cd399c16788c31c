#!/usr/bin/env bash
# includes.sh - the one-way order of the folders: a header may be included from above, never from below or the side.
# A line: folder, and the folders whose headers it may include besides its own.
source "$(dirname "$0")/lib.sh"

order='
policies      sim/base
sim/base
sim/engine    sim/base
sim/stats     sim/base
traces        sim/base
sim/scenario  sim/base policies
sim/cluster   sim/base policies sim/scenario
sim/results   sim/base policies sim/scenario sim/stats
sim/load      sim/base policies sim/engine sim/scenario sim/stats sim/results traces
backend       sim/base backend/cuda policies sim/scenario sim/engine sim/load
backend/cuda  sim/base
backend/gate  sim/base
backend/double  sim/base backend/cuda
backend/live  sim/base policies sim/scenario sim/load backend backend/cuda backend/double
backend/measure  sim/base backend/cuda backend/live
sim/run       sim/base sim/engine policies sim/scenario sim/stats sim/results sim/load backend traces
sim/explain   sim/base policies sim/results sim/run
plots         sim/base sim/results
sim/cli       sim/base policies sim/scenario sim/stats sim/results sim/load sim/run sim/explain backend backend/cuda backend/live backend/measure backend/serve traces plots sim/engine sim/cluster
'

while read -r folder below; do
    [[ -n $folder ]] || continue
    while IFS=: read -r file line text; do
        header=${text#*\"}
        header=${header%\"*}
        case "$header" in
            version.h) continue ;;
            */*) home=${header%/*} ;;
            *) home=${file%/*}      # the same folder
                [[ -e $home/$header ]] || complain "$file:$line: '$header' is not beside it; name it from the root" ;;
        esac
        case " $folder $below " in
            *" $home "*) ;;
            *) [[ $home == "$folder"/* ]] ||
                complain "$file:$line: '$folder' may not include '$header'; it may use: ${below:-nothing}" ;;
        esac
    done < <(sources "$folder" | xargs -r grep -nHE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' || true)
done <<<"$order"

# Nobody outside the table.
while read -r folder; do
    above=$folder
    until grep -qE "^$above( |\$)" <<<"$order" || [[ $above == . ]]; do
        above=$(dirname "$above")
    done
    [[ $above != . ]] || complain "$folder: has no line in the table of includes.sh"
done < <(sources sim policies backend traces plots | xargs -r -n 1 dirname | sort -u)
finish
