#!/usr/bin/env bats
# packaging.bats - the unit of systemd and the objects for Kubernetes: as their readers want them, in agreement with what is
# installed and with each other, with no more rights than the manual says; and their daemons come up.

# shellcheck disable=SC2154,SC2030,SC2031,SC2034
bats_require_minimum_version 1.5.0
load serve

setup_file() {
    export PREFIX="$BATS_FILE_TMPDIR/usr"
    cmake --install "$(dirname "$GPUSWAP_SIM")" --prefix "$PREFIX" >"$BATS_FILE_TMPDIR/log"
    export UNIT=$PREFIX/lib/systemd/system/gpuswap-sim.service
    export MANIFEST=$PREFIX/share/gpuswap-sim/kubernetes/gpuswap.yaml
}

setup() {
    node_setup
    GPUSWAP_SIM=$PREFIX/bin/gpuswap-sim
}

teardown() {
    node_teardown
}

@test "systemd takes the unit as it is installed, and finds little to take away from it" {
    run systemd-analyze verify --man=no "$UNIT"
    [ "$status" -eq 0 ] && [ -z "$output" ] || { echo "$output"; false; }
    run systemd-analyze security --offline=yes --threshold=40 "$UNIT"
    [ "$status" -eq 0 ] || { echo "$output"; false; }
    grep -q '^Documentation=man:gpuswap-sim-serve(7)$' "$UNIT"
    [ -f "$PREFIX/share/man/man7/gpuswap-sim-serve.7.gz" ]
    # a word that systemd does not know is a complaint: verify can tell
    sed 's/^UMask/UMaks/' "$UNIT" >gpuswap-sim.service
    [[ $(systemd-analyze verify --man=no "$PWD/gpuswap-sim.service" 2>&1) == *UMaks* ]]
}

@test "the unit and the DaemonSet agree with each other, with their volumes and with the manual" {
    run python3 "$BATS_TEST_DIRNAME/manifest.py" "$UNIT" "$MANIFEST" "$PWD"
    [ "$status" -eq 0 ] || { echo "$output"; false; }
    [ "$(sed -n 's/^ExecStart=\([^ ]*\) .*/\1/p' "$UNIT")" = "$PREFIX/bin/gpuswap-sim" ]
    # and the check can tell: of a right more, a label, a path
    for change in 's/add: \[SYS_PTRACE\]/add: [SYS_ADMIN]/' 's/labels: {app: gpuswap}/labels: {app: other}/' \
        's/privileged: false/privileged: true/' 's|mountPath: /run/gpuswap|mountPath: /run/other|' \
        's|--db, /var/lib/gpuswap/serve.db|--db, /var/lib/other/serve.db|'; do
        sed "$change" "$MANIFEST" >changed.yaml
        run -1 python3 "$BATS_TEST_DIRNAME/manifest.py" "$UNIT" changed.yaml "$PWD"
    done
}

@test "what both start comes up: every option is one, and the scenario is one" {
    python3 "$BATS_TEST_DIRNAME/manifest.py" "$UNIT" "$MANIFEST" "$PWD"
    sed -i 's/500MiB/2MiB/; s/ 2GiB/ 16MiB/; s/GiB/MiB/' etc/gpuswap/node.ini # the double keeps real bytes
    unset GPUSWAP_SOCKET
    GPUSWAP_DOUBLE="${GPUSWAP_DOUBLE/memory=64MiB/memory=80MiB}"
    for words in unit pods; do
        mapfile -t option <$words.words
        mapfile -t probe <probe.words
        "$GPUSWAP_SIM" "${option[@]}" --device double >serve.out 2>serve.err 3>&- &
        started+=("$!")
        until_so timeout 10 "$GPUSWAP_SIM" "${probe[@]}"
        [[ $("$GPUSWAP_SIM" "${probe[@]}") == *"no programs here"* ]]
        "$GPUSWAP_SIM" ctl stop --socket "$PWD/run/gpuswap/gpuswap.sock"
        wait "${started[-1]}"
        [ -s var/lib/gpuswap/serve.db ]
    done
}

@test "the Debian package has the daemon, its gate, unit, manifest and pages, and starts it from where it is" {
    local file
    (cd "$build" && cpack -G DEB -B "$BATS_TEST_TMPDIR/deb" >"$BATS_TEST_TMPDIR/log" 2>&1) || { tail -n 20 log; false; }
    dpkg-deb -c deb/*.deb | awk '{ print $6 }' >files
    for file in bin/gpuswap-sim lib/gpuswap-sim/gate/libcuda.so.1 lib/gpuswap-sim/gate/libcuda-name.so \
        lib/systemd/system/gpuswap-sim.service share/gpuswap-sim/kubernetes/gpuswap.yaml \
        share/man/man7/gpuswap-sim-serve.7.gz share/doc/gpuswap-sim/docs/{serve,runbook,threat-model,gate}.md; do
        grep -qx "./usr/$file" files || { echo "no $file"; false; }
    done
    dpkg-deb --fsys-tarfile deb/*.deb | tar xO ./usr/lib/systemd/system/gpuswap-sim.service >unit
    grep -q '^ExecStart=/usr/bin/gpuswap-sim serve ' unit
}

@test "where programs look for the daemon, the unit has it" {
    [ "$(id -u)" -eq 0 ] || skip "the socket of root's daemon"
    unset GPUSWAP_SOCKET
    [ ! -e /run/gpuswap/gpuswap.sock ] || skip "there is a daemon on this machine"
    run -69 "$GPUSWAP_SIM" ctl status
    [[ $output == *"'$(sed -n 's/^ExecStart=.* --socket \([^ ]*\) .*/\1/p' "$UNIT")'"* ]]
}
