#!/usr/bin/env bash
# links.sh - links between the pages lead to files and headings that are there.
source "$(dirname "$0")/lib.sh"

# The anchors of a page, as GitHub makes them of its headings.
anchors() {
    awk '/^```/ { code = !code } !code && /^##* / { sub(/^#+ /, ""); print tolower($0) }' "$1" |
        sed 's/[^a-z0-9 _-]//g; s/ /-/g'
}

for page in ./*.md docs/*.md; do
    while IFS='#' read -r file anchor; do
        target=$page
        [[ -z $file ]] || target=$(dirname "$page")/$file
        if [[ ! -e $target ]]; then
            complain "$page: '$file' is not there"
        elif [[ -n $anchor ]] && ! anchors "$target" | grep -qxF -- "$anchor"; then
            complain "$page: '$target' has no heading for '#$anchor'"
        fi
    done < <(grep -oP '\]\(\K(?!https?:)[^)\s]+(?=\))' "$page")
done
finish
