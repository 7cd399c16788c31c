#!/usr/bin/env bash
# manual.sh [--fix] - the tables of keys and policies in docs/scenario.md are what the program says; --fix writes them anew.
#
# A table stands between a line '<!-- keys SECTION -->' or '<!-- policies SLOT -->' and a line '<!-- end -->'.
# shellcheck disable=SC2016     # the backquotes are Markdown's
source "$(dirname "$0")/lib.sh"
sim=${GPUSWAP_SIM:-build/release/gpuswap-sim}
page=docs/scenario.md

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
    local text type fallback classes help note
    text=$("$sim" keys "$1.$2")
    type=$(sed -n '1s/.* = //p' <<<"$text")
    fallback=$(sed -n 's/^  default: //p' <<<"$text")
    classes=$(sed -n 's/^  for:  *//p' <<<"$text")
    help=$(sed -n '4s/^  //p' <<<"$text")
    note=$(sed -n 's/^  Not available in this version: \(.*\)$/ **Not yet:** \1/p' <<<"$text")
    printf '| `%s` | %s | %s | ' "$2" "$(cell "$type")" "$(code "$fallback")"
    [[ $3 == no ]] || printf '%s | ' "$classes"
    printf '%s |\n' "$(cell "${help^}.$note")"
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
        on && /^  source: / { source = $0; sub(/^  source: /, "", source); next }
        on && /^  [a-z]+\./ { parameter = $0; sub(/^  /, "", parameter); sub(/   \(.*/, "", parameter)
                              choice = ""; if (match($0, /   \(.*\)$/)) choice = substr($0, RSTART + 3, RLENGTH - 3); next }
        on && /^      / { text = $0; sub(/^ +/, "", text); gsub(/\|/, "\\|", choice)
                          all = all "<br>`" parameter "`: " text (choice == "" ? "" : " " choice) }
        END { printf "%s.%s | %s |\n", toupper(substr(help, 1, 1)) substr(help, 2), all, source }' |
        sed "s/^/| \`$2\` | /"
}

policies_table() {
    printf '| %s | what it does, and its parameters with their defaults | source |\n|---|---|---|\n' "$1"
    while read -r name; do
        policy_row "$1" "$name"
    done < <("$sim" policies | awk -v slot="$1" '/^[a-z]/ { on = $1 == slot } on && /^  / { print $1 }')
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
        esac
    done <"$page"
}

work=$(mktemp)
trap 'rm -f "$work"' EXIT
renewed >"$work"
while read -r section; do
    grep -qx -- "<!-- keys $section -->" "$page" || complain "$page has no table for [$section]"
done < <("$sim" keys | sed -n 's/^\[\(.*\)\]$/\1/p')
while read -r slot; do
    grep -qx -- "<!-- policies $slot -->" "$page" || complain "$page has no table for the policies of '$slot'"
done < <("$sim" policies | grep '^[a-z]')
if [[ ${1-} == --fix ]]; then
    cp "$work" "$page"
elif ! diff "$page" "$work"; then
    complain "$page is not what the program says; renew it with: tests/lint/manual.sh --fix"
fi
finish
