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

# wait_for COMMAND...: holds, within half a minute.
wait_for() {
    local i

    for ((i = 0; i < 300; i++)); do
        if "$@" >/dev/null 2>&1; then
            return 0
        fi
        sleep 0.1
    done
    echo "never: $*" >&2
    return 1
}

@test "the folders are those of a Unix system" {
    local file
    for file in bin/gpuswap-sim include/gpuswap/policy.h share/gpuswap-sim/scenarios/quickstart.ini \
        share/gpuswap-sim/examples/plugin/mine.c share/doc/gpuswap-sim/docs/cli.md share/doc/gpuswap-sim/LICENSE \
        share/doc/gpuswap-sim/scenarios/hello.ini share/bash-completion/completions/gpuswap-sim \
        share/man/man1/gpuswap-sim.1.gz share/man/man5/gpuswap-sim-scenario.5.gz \
        share/man/man7/gpuswap-sim-serve.7.gz lib/systemd/system/gpuswap-sim.service \
        share/gpuswap-sim/kubernetes/gpuswap.yaml share/doc/gpuswap-sim/docs/runbook.md; do
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

@test "the daemon, the gate and a program under it work from where they were installed to, and use nothing of the build" {
    local build daemon name gate
    build=$(dirname "$GPUSWAP_SIM")
    gate=$(find "$PREFIX" -path '*/gpuswap-sim/gate/libcuda.so.1')
    [ -e "$build/gate/libcuda.so.1" ] || skip "there is no gate on this machine"
    [ -n "$gate" ]
    mkdir dir
    cp "$build/tests/client_once" .
    export GPUSWAP_SOCKET=$PWD/sock GPUSWAP_DOUBLE="memory=64MiB context=2MiB real_clock=yes folder=$PWD/dir"
    unset GPUSWAP_LIBCUDA GPUSWAP_LIBNVML
    printf '[node]\ngpu_memory = 64MiB\ngpu_reserved = 16MiB\nswap_file = 1GiB\nsharing = exclusive\n' >node.ini
    printf '[policy]\nslicer = rr\nslicer.quantum = 300ms\n' >>node.ini
    printf '[workload.NB]\nclass = notebook\ncount = 2\nmemory = 30MiB\ncontext = 2MiB\nthink = 5s\nburst = 1s\n' >>node.ini
    gpuswap-sim serve node.ini --device double --db serve.db --quiet 3>&- &
    daemon=$!
    cat >program.sh <<'INNER'
echo "$$ $LD_PRELOAD" >"$1.preload"
exec ./client_once 12 28 100
INNER
    wait_for gpuswap-sim ctl status
    for name in a b; do
        (
            ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0 gpuswap-sim exec --group NB -- sh program.sh "$name" >"$name.out" 2>&1
            echo $? >"$name.rc"
        ) 3>&- &
    done
    wait_for test -s a.preload
    wait_for grep -q "$gate" "/proc/$(cut -d' ' -f1 a.preload)/maps"
    cat "/proc/$(cut -d' ' -f1 a.preload)/maps" "/proc/$daemon/maps" >maps # what both have loaded
    wait_for test -s a.rc
    wait_for test -s b.rc
    gpuswap-sim ctl stop
    wait "$daemon"
    [ "$(cat a.rc b.rc)" = $'0\n0' ] || { cat a.out b.out; false; }
    [ "$(grep -hc '^burst [0-9]*: fine$' a.out b.out)" = $'12\n12' ]
    [ "$(realpath "$(cut -d' ' -f2 a.preload | cut -d: -f1)")" = "$gate" ]
    grep -q "$gate" maps
    grep -q "$PREFIX/.*/gpuswap-sim/double/libcuda.so.1" maps
    run ! grep -q "$build" maps
    run ! grep -rqF "$GPUSWAP_ROOT" "$PREFIX/lib/systemd" "$PREFIX/share/gpuswap-sim/kubernetes"
    # they were gated, and swapped: two of 28 MiB do not fit into 48
    [ "$(sqlite3 serve.db 'SELECT sum(swaps) > 0 FROM replication_gpu')" = 1 ]
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
