#!/usr/bin/env bash
# manual.sh [--fix] - the tables of keys and policies in docs/scenario.md, and those of options in docs/cli.md, are what the
# program says; --fix writes them anew.
#
# A table stands between a line '<!-- keys SECTION -->', '<!-- policies SLOT -->' or '<!-- options -->' and a line
# '<!-- end -->'.
# shellcheck disable=SC2016     # the backquotes are Markdown's
source "$(dirname "$0")/lib.sh"
sim=${GPUSWAP_SIM:-build/release/gpuswap-sim}

# In a cell of a table a bar would end it.
cell() {
    printf '%s' "${1//|/\\|}"
}

code() {
    case "$1" in
        -) ;;
        required) printf 'required' ;;
        *) printf '`%s`' "$(cell "$1")" ;;
    esac
}

keys_of() {
    "$sim" keys | awk -v section="[$1]" '/^\[/ { on = $1 == section } on && /^  [^ ]/ { print $1 }'
}

key_row() {     # key_row SECTION KEY WITH_CLASSES
    local text type fallback classes help
    text=$("$sim" keys "$1.$2")
    type=$(sed -n '1s/.* = //p' <<<"$text")
    fallback=$(sed -n 's/^  default: //p' <<<"$text")
    classes=$(sed -n 's/^  for:  *//p' <<<"$text")
    help=$(sed -n '4s/^  //p' <<<"$text")
    printf '| `%s` | %s | %s | ' "$2" "$(cell "$type")" "$(code "$fallback")"
    [[ $3 == no ]] || printf '%s | ' "$classes"
    printf '%s |\n' "$(cell "${help^}.")"
}

keys_table() {
    local classes=no
    [[ $1 != workload ]] || classes=yes
    if [[ $classes == yes ]]; then
        printf '| key | value | default | for | meaning |\n|---|---|---|---|---|\n'
    else
        printf '| key | value | default | meaning |\n|---|---|---|---|\n'
    fi
    while read -r key; do
        key_row "$1" "$key" "$classes"
    done < <(keys_of "$1")
}

# A policy and its parameters, as `policies NAME` tells them; the name may stand in other slots, too.
policy_row() {  # policy_row SLOT NAME
    "$sim" policies "$2" | awk -v slot="$1" -v head="$1 = $2" '
        / = / && !/^ / { on = $0 == head; next }
        on && line == 0 { help = $0; sub(/^  /, "", help); line = 1; next }
        on && /^  starves: / { starves = $0; sub(/^  s/, " S", starves); starves = starves "."; next }
        on && /^  source: / { source = $0; sub(/^  source: /, "", source); next }
        on && /^  [a-z]+\./ { parameter = $0; sub(/^  /, "", parameter); sub(/   \(.*/, "", parameter)
                              choice = ""; if (match($0, /   \(.*\)$/)) choice = substr($0, RSTART + 3, RLENGTH - 3); next }
        on && /^      / { text = $0; sub(/^ +/, "", text); gsub(/\|/, "\\|", choice)
                          all = all "<br>`" parameter "`: " text (choice == "" ? "" : " " choice) }
        END { printf "%s.%s%s | %s |\n", toupper(substr(help, 1, 1)) substr(help, 2), starves, all, source }' |
        sed "s/^/| \`$2\` | /"
}

policies_table() {
    printf '| %s | what it does, and its parameters with their defaults | source |\n|---|---|---|\n' "$1"
    while read -r name; do
        policy_row "$1" "$name"
    done < <("$sim" policies | awk -v slot="$1" '/^[a-z]/ { on = $1 == slot } on && /^  / { print $1 }')
}

commands() {
    "$sim" --help | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p' | while read -r command; do
        if [[ $command == trace ]]; then
            "$sim" trace --help | sed -n 's/^  \([a-z][a-z-]*\) .*/trace \1/p'
        else
            printf '%s\n' "$command"
        fi
    done
}

# The options of a command, one a line: '`-f`, `--format NAME`', a tab, what it does.  Not those of every program.
options_of() {
    # shellcheck disable=SC2086     # "trace import" is two words
    ARGP_HELP_FMT=rmargin=1000 "$sim" $1 --help | sed -n -E '/ (--help|--usage) /d
        s/^ +(-[A-Za-z?], |)(--[a-z-]+)(\[?)=([^ ]*[^] ])(\]?) +(.*)/\1`\2 \3\4\5`\t\6/
        s/^ +(-[A-Za-z?], |)(--[a-z-]+) +(.*)/\1`\2`\t\3/
        s/^(-[A-Za-z?]), /`\1`, /
        s/^`.*\t/&/p'
}

# The options of each command that has some; where they are those of run and others, only the others.
options_tables() {
    local command all shared unkept words
    shared=$(options_of run)
    unkept=$(grep -v '^`--db ' <<<"$shared") # of commands whose runs are not kept
    while read -r command; do
        all=$(options_of "$command")
        [[ -n $all ]] || continue
        printf '\n### `%s`\n\n' "$command"
        if [[ $command != run && $(grep -cxF "$unkept" <<<"$all") == "$(wc -l <<<"$unkept")" ]]; then
            words='The options of `run`'
            grep -q '^`--db ' <<<"$all" || words+=' but `--db`'
            all=$(grep -vxF "$shared" <<<"$all") || { printf '%s.\n' "$words"; continue; }
            printf '%s, and\n\n' "$words"
        fi
        printf '| option | |\n|---|---|\n'
        while IFS=$'\t' read -r option text; do
            printf '| %s | %s |\n' "$(cell "$option")" "$(cell "$text")"
        done <<<"$all"
    done < <(commands)
    printf '\n'
}

# The page with every table made anew.
renewed() {
    local line skip=no
    while IFS= read -r line; do
        [[ $line != '<!-- end -->' ]] || skip=no
        [[ $skip == yes ]] || printf '%s\n' "$line"
        case "$line" in
            '<!-- keys '*) skip=yes; keys_table "$(awk '{ print $3 }' <<<"$line")" ;;
            '<!-- policies '*) skip=yes; policies_table "$(awk '{ print $3 }' <<<"$line")" ;;
            '<!-- options '*) skip=yes; options_tables ;;
        esac
    done <"$1"
}

has_table() {
    grep -qx -- "<!-- $2 -->" "$1" || complain "$1 has no table '<!-- $2 -->'"
}

has_table docs/cli.md options
while read -r section; do
    has_table docs/scenario.md "keys $section"
done < <("$sim" keys | sed -n 's/^\[\(.*\)\]$/\1/p')
while read -r slot; do
    has_table docs/scenario.md "policies $slot"
done < <("$sim" policies | grep '^[a-z]')

work=$(mktemp)
trap 'rm -f "$work"' EXIT
for page in docs/scenario.md docs/cli.md; do
    renewed "$page" >"$work"
    if [[ ${1-} == --fix ]]; then
        cp "$work" "$page"
    elif ! diff "$page" "$work"; then
        complain "$page is not what the program says; renew it with: tests/lint/manual.sh --fix"
    fi
done
finish
