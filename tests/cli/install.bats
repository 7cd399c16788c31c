#!/usr/bin/env bats
# install.bats - what `cmake --install` puts where, and that it works from there: manual pages, completion, plug-ins.

bats_require_minimum_version 1.5.0

setup_file() {
    export PREFIX="$BATS_FILE_TMPDIR/usr" LC_ALL=C.UTF-8
    cmake --install "$(dirname "$GPUSWAP_SIM")" --prefix "$PREFIX" >"$BATS_FILE_TMPDIR/log"
    export PATH="$PREFIX/bin:$PATH"
}

setup() {
    cd "$BATS_TEST_TMPDIR"
}

# complete LINE: what bash would offer, one a line.
complete_line() {
    COMP_LINE=$1 COMP_POINT=${#1} COMP_WORDS=(gpuswap-sim)
    COMPREPLY=()
    _gpuswap_sim 2>/dev/null        # compopt speaks where nothing is being completed
    printf '%s\n' "${COMPREPLY[@]}"
}

@test "the folders are those of a Unix system" {
    local file
    for file in bin/gpuswap-sim include/gpuswap/policy.h share/gpuswap-sim/scenarios/quickstart.ini \
        share/gpuswap-sim/examples/plugin/mine.c share/doc/gpuswap-sim/docs/cli.md share/doc/gpuswap-sim/LICENSE \
        share/doc/gpuswap-sim/scenarios/hello.ini share/bash-completion/completions/gpuswap-sim \
        share/man/man1/gpuswap-sim.1.gz share/man/man5/gpuswap-sim-scenario.5.gz; do
        [ -f "$PREFIX/$file" ] || { echo "no $file"; false; }
    done
    [ -z "$(find "$PREFIX" -name '*.a' -o -name '*.db')" ]
}

@test "links between installed pages lead somewhere" {
    local page target
    for page in "$PREFIX"/share/doc/gpuswap-sim/README.md "$PREFIX"/share/doc/gpuswap-sim/docs/*.md; do
        while read -r target; do
            [ -e "$(dirname "$page")/$target" ] || { echo "$page: $target"; false; }
        done < <(grep -oP '\]\(\K[^)#:]+(?=[)#])' "$page")
    done
}

@test "it runs from there, with its scenarios" {
    run gpuswap-sim "$PREFIX/share/gpuswap-sim/scenarios/hello.ini"
    [ "$status" -eq 0 ]
    [[ "${lines[0]}" == hello* ]]
}

@test "a live run finds the driver double where it was installed to" {
    local double
    double=$(find "$PREFIX" -path '*/gpuswap-sim/double/libcuda.so.1')
    [ -n "$double" ] || skip "built without the CUDA headers"
    printf '[scenario]\nduration = 1m\n[node]\ngpu_memory = 8MiB\ngpu_reserved = 0B\nchunk = 1MiB\nswap_file = 8MiB\n' >a.ini
    printf '[workload.A]\nclass = notebook\nmemory = 1MiB\nthink = 5s\nburst = 1s\n' >>a.ini
    gpuswap-sim live a.ini --device double --quiet --json r.json
    jq -e '.provenance == "double"' r.json
    mv "$double" "$double.away"
    run gpuswap-sim live a.ini --device double
    mv "$double.away" "$double"
    [ "$status" -eq 69 ]
    [[ $output == *"the driver double is not here"* ]]
}

@test "a plug-in is built against the installed header" {
    cp -r "$PREFIX/share/gpuswap-sim/examples/plugin" .
    make -C plugin CPPFLAGS="-I$PREFIX/include"
    run gpuswap-sim policies plugin/mine.so
    [ "$status" -eq 0 ]
}

@test "the manual pages are clean, and hold every key and command" {
    local page key
    for page in "$PREFIX"/share/man/man*/*.gz; do
        run bash -c "man --warnings -l '$page' 2>&1 >/dev/null"
        [ -z "$output" ] || { echo "$page: $output"; false; }
        gunzip -c "$page" >linted
        run mandoc -T lint -W warning linted
        [ "$status" -eq 0 ] || { echo "$output"; false; }
    done
    man -l "$PREFIX/share/man/man5/gpuswap-sim-scenario.5.gz" >text
    while read -r key; do
        grep -q -- "^ *$key\b" text || { echo "no $key"; false; }
    done < <(gpuswap-sim keys | sed -n 's/^  \([a-z][a-z0-9_]*\).*/\1/p')
    man -l "$PREFIX/share/man/man1/gpuswap-sim.1.gz" >text
    while read -r key; do
        grep -q -- "^ *$key\b" text || { echo "no $key"; false; }
    done < <(gpuswap-sim --help | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p')
}

@test "bash completes commands, options, keys and policies" {
    # shellcheck source=/dev/null
    source "$PREFIX/share/bash-completion/completions/gpuswap-sim"
    [ "$(complete_line 'gpuswap-sim comp')" = compare ]
    [ "$(complete_line 'gpuswap-sim --v')" = --version ]
    [ "$(complete_line 'gpuswap-sim live --device dou')" = double ]
    [ "$(complete_line 'gpuswap-sim compare --pol')" = --policy= ]
    [ "$(complete_line 'gpuswap-sim x.ini --replic')" = --replications= ]
    [ "$(complete_line 'gpuswap-sim trace inf')" = info ]
    [ "$(complete_line 'gpuswap-sim trace import --format azure-l')" = azure-llm ]
    [ "$(complete_line 'gpuswap-sim keys node.h2')" = node.h2d ]
    [ "$(complete_line 'gpuswap-sim policies sie')" = sieve ]
    cp "$PREFIX/share/gpuswap-sim/scenarios/quickstart.ini" .
    [ "$(complete_line 'gpuswap-sim quick')" = quickstart.ini ]
    [ "$(complete_line 'gpuswap-sim quickstart.ini --set workload.NB.cou')" = workload.NB.count= ]
    # bash has cut the word at '=': what follows it is asked for
    COMP_WORDBREAKS=$' \t\n='
    [ "$(complete_line 'gpuswap-sim compare quickstart.ini --policy victim=bel' | tr '\n' ' ')" = "belady belady_size " ]
}
