# completion.bash - gpuswap-sim in bash: commands, options, keys, policies.  It asks the program, so that it is never behind.
# shellcheck shell=bash

# Options of a command, as its --help lists them; those with a value end in '='.
_gpuswap_sim_options() {
    ARGP_HELP_FMT=rmargin=500 "$program" "$@" --help 2>/dev/null |
        sed -n 's/^ \{2,6\}\(-., \)\?\(--[a-z-]*=\?\).*/\2/p'
}

# Keys of a scenario as --set takes them, with the names of its own sections: workload.NB.count=
_gpuswap_sim_keys() {
    local scenario=$1
    "$program" keys 2>/dev/null | awk '/^\[/ { section = substr($1, 2, length($1) - 2) }
        /^  [a-z]/ { print section "." $1 "=" }' |
    while IFS= read -r key; do
        case "$key" in
            workload.* | trace.* | sla.*)
                [[ -z $scenario ]] || sed -n "s/^\[${key%%.*}\.\([^]]*\)\].*/${key%%.*}.\1.${key#*.}/p" "$scenario" ;;
            *) printf '%s\n' "$key" ;;
        esac
    done
}

_gpuswap_sim_policies() {
    "$program" policies 2>/dev/null | awk '/^[a-z]/ { slot = $1 } /^  / { print slot "=" $1 }'
}

_gpuswap_sim_commands() {
    "$program" --help 2>/dev/null | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p'
}

_gpuswap_sim() {
    local program=${COMP_WORDS[0]} line=${COMP_LINE:0:COMP_POINT} word before scenario='' w words
    # bash cuts words at '=', too: take the line by its blanks, and give back what follows the last cut.
    read -ra words <<<"$line"
    [[ $line != *' ' ]] || words+=('')
    word=${words[-1]}
    before=${words[-2]}
    for w in "${words[@]:1}"; do
        [[ $w != *.ini || ! -r $w ]] || scenario=$w
    done

    local choice='' cut=''
    case "$before:$word" in
        --set:* | --variant:* | --vary:*) choice=$(_gpuswap_sim_keys "$scenario") ;;
        --device:*) choice=$'cuda:0\ndouble' ;;
        --clock:*) choice=$'real\nvirtual' ;;
        --policy:*) choice=$(_gpuswap_sim_policies) ;;
        --format:* | -f:* | formats:*) choice=$("$program" trace formats 2>/dev/null | awk '{ print $1 }') ;;
        *:-*)
            if [[ ${#words[@]} -le 2 ]]; then
                choice='--help --version'
            elif [[ ${words[1]} == trace ]]; then
                choice=$(_gpuswap_sim_options trace "${words[2]}")
            elif [[ ${words[1]} == *[./]* ]]; then
                choice=$(_gpuswap_sim_options run)
            else
                choice=$(_gpuswap_sim_options "${words[1]}")
            fi ;;
        policies:*) choice="$(_gpuswap_sim_policies | tr '=' '\n')" ;;
        keys:*) choice=$("$program" keys 2>/dev/null | awk '/^\[/ { s = substr($1, 2, length($1) - 2); print s }
                    /^  [a-z]/ { print s "." $1 }') ;;
        trace:*) choice=$("$program" trace --help 2>/dev/null | sed -n 's/^  \([a-z]*\) .*/\1/p') ;;
        *) [[ ${#words[@]} -gt 2 ]] || choice=$(_gpuswap_sim_commands) ;;
    esac

    [[ $word != *=* || $COMP_WORDBREAKS != *=* ]] || cut=${word%"${word##*=}"}
    mapfile -t COMPREPLY < <(compgen -W "$choice" -- "$word" | sort -u)
    if [[ -z $choice || ${#words[@]} -le 2 && ${#COMPREPLY[@]} -eq 0 ]]; then
        mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$word")
        compopt -o filenames 2>/dev/null
    fi
    COMPREPLY=("${COMPREPLY[@]#"$cut"}")
    [[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *= ]] || compopt -o nospace 2>/dev/null
}

complete -F _gpuswap_sim gpuswap-sim
