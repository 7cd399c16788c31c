#!/usr/bin/env bash
# examples.sh [--fix] - the commands in README.md and docs/ work, and print what the page says.
#
# In a block that opens with ```console, every line '$ gpuswap-sim ...', '$ printf ...' and '$ for ...' is run, in one
# temporary folder a page that holds scenarios/ and tests/; other commands are for the reader.  It must succeed, unless
# '$ echo $?' follows it: then it must exit with the number below.  In a block that opens with ```console exact, it must
# also print the lines that follow, on stdout and stderr together; '...' as the last of them stands for the rest.  --fix
# writes them anew.  A block that opens with ```ini FILE is written to that file, for the commands below it.
source "$(dirname "$0")/lib.sh"
root=$PWD
sim=$(realpath "${GPUSWAP_SIM:-build/release/gpuswap-sim}")
fix=${1-}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin"
ln -s "$sim" "$work/bin/gpuswap-sim"
PATH=$work/bin:$PATH
count=0

# Hold what the last command printed and returned against the page.
judge() {
    local where=$1 cut=no kept wanted=0
    [[ -n $command ]] || return 0
    [[ -z $status ]] || wanted=$status
    [[ $code == "$wanted" ]] || complain "$where: '$command' exits with $code, not with $wanted: $(head -n 3 "$work/printed")"
    if [[ $exact == yes ]]; then
        if [[ ${#shown[@]} -gt 0 && ${shown[-1]} == ... ]]; then
            cut=yes
            unset 'shown[-1]'
            head -n "${#shown[@]}" "$work/printed" >"$work/cut"
            mv "$work/cut" "$work/printed"
        fi
        if [[ $fix == --fix ]]; then
            mapfile -t shown <"$work/printed"
        else
            printf '%s\n' "${shown[@]}" | sed '${/^$/d}' >"$work/shown"
            kept=$(diff "$work/shown" <(sed '${/^$/d}' "$work/printed")) ||
                complain "$where: '$command' prints something else:"$'\n'"$kept"
        fi
        [[ $cut == no ]] || shown+=(...)
    fi
    [[ ${#shown[@]} -eq 0 ]] || printf '%s\n' "${shown[@]}" >>"$work/page"
    [[ -z $status_line ]] || printf '%s\n%s\n' "$status_line" "$status" >>"$work/page"
    command=''
}

run() {
    command=$1 shown=() status='' status_line='' code=0
    count=$((count + 1))
    (cd "$folder" && bash -c "set -o pipefail; $1") >"$work/printed" 2>&1 </dev/null || code=$?
}

# One line of a console block.
console_line() {
    case "$1" in
        '$ echo $?') status_line=$1 ;;
        '$ gpuswap-sim'* | '$ printf '* | '$ for '*) judge "$2"; printf '%s\n' "$1" >>"$work/page"; run "${1#\$ }" ;;
        '$ '*) judge "$2"; printf '%s\n' "$1" >>"$work/page" ;;
        *)
            if [[ -n $status_line && -z $status ]]; then
                status=$1
            elif [[ -n $command ]]; then
                shown+=("$1")
            else
                printf '%s\n' "$1" >>"$work/page"
            fi ;;
    esac
}

read_page() {
    local line number=0 block=no file
    command='' exact=no
    folder=$work/$(basename "$1" .md)
    mkdir -p "$folder"
    ln -s "$root/scenarios" "$root/tests" "$folder"
    : >"$work/page"
    while IFS= read -r line || [[ -n $line ]]; do
        number=$((number + 1))
        if [[ $block == no && $line == '```console'* ]]; then
            block=yes exact=no
            [[ $line != *' exact' ]] || exact=yes
            printf '%s\n' "$line" >>"$work/page"
        elif [[ $block == no && $line == '```ini '?* ]]; then
            block=file file=$folder/${line#* }
            : >"$file"
            printf '%s\n' "$line" >>"$work/page"
        elif [[ $block == file ]]; then
            if [[ $line == '```' ]]; then block=no; else printf '%s\n' "$line" >>"$file"; fi
            printf '%s\n' "$line" >>"$work/page"
        elif [[ $block == yes && $line == '```' ]]; then
            judge "$1:$number"
            block=no
            printf '%s\n' "$line" >>"$work/page"
        elif [[ $block == yes ]]; then
            console_line "$line" "$1:$number"
        else
            printf '%s\n' "$line" >>"$work/page"
        fi
    done <"$1"
    if [[ $fix == --fix ]]; then
        cp "$work/page" "$1"
    else
        cmp -s "$work/page" "$1" || complain "$1: a console block could not be understood"
    fi
}

for page in README.md docs/*.md; do
    read_page "$page"
done
[[ $count -gt 0 ]] || complain "no example found"
finish
