#!/usr/bin/env bash
# package.sh - the Debian package installs and works on a bare Debian 12: the program, a picture, the daemon, the manual, a
# plug-in.
#
# As root, with debootstrap and a way to Debian's mirror; it says so where that is missing, and is skipped (77).
set -euo pipefail
cd "$(dirname "$0")/../.."

skip() {
    echo "skipped: $*"
    exit 77
}
[[ $(id -u) -eq 0 ]] || skip "only root can make a bare Debian to install in"
command -v debootstrap >/dev/null || skip "no debootstrap"

cmake --preset release >/dev/null
cmake --build --preset release --parallel "$(nproc)" -- --quiet
work=$(mktemp -d)
root=$work/root
trap 'umount -q "$root/proc" || true; rm -rf --one-file-system "$work"' EXIT
cpack --preset deb -B "$work" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
if command -v lintian >/dev/null; then
    lintian --allow-root --fail-on error --suppress-tags initial-upload-closes-no-bugs "$work"/*.deb
fi

debootstrap --variant=minbase bookworm "$root" http://deb.debian.org/debian >"$work/log" 2>&1 || {
    tail -n 5 "$work/log"
    skip "debootstrap cannot make a Debian 12 here"
}
cp "$work"/*.deb "$root/root/gpuswap-sim.deb"
cp /etc/resolv.conf "$root/etc/"
mount -t proc proc "$root/proc"
chroot "$root" bash -euo pipefail <<'END'
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
quietly() {
    "$@" >/tmp/log 2>&1 </dev/null || { cat /tmp/log; exit 1; }
}
cd /root
quietly apt-get update
quietly apt-get install -y ./gpuswap-sim.deb

gpuswap-sim /usr/share/gpuswap-sim/scenarios/quickstart.ini >report
grep -q '^SLA  NB .* MISSED' report
quietly gpuswap-sim report results.db --plots pictures
test -s pictures/response.png

# the daemon, and a program under it
mkdir /tmp/double /etc/gpuswap
sed -n '/^  node.ini: |/,/^---/s/^    //p' /usr/share/gpuswap-sim/kubernetes/gpuswap.yaml |
    sed 's/500MiB/2MiB/; s/ 2GiB/ 16MiB/; s/GiB/MiB/' >/etc/gpuswap/node.ini
export GPUSWAP_SOCKET=/tmp/sockets/gpuswap.sock GPUSWAP_DOUBLE="memory=80MiB real_clock=yes folder=/tmp/double"
mkdir -m 755 /tmp/sockets
$(sed -n 's/^ExecStart=\([^ ]*\) .*/\1/p' /usr/lib/systemd/system/gpuswap-sim.service) serve /etc/gpuswap/node.ini \
    --device double --db serve.db --quiet &
for try in 1 2 3 4 5 6 7 8 9; do
    gpuswap-sim ctl status >/dev/null 2>&1 && break
    sleep 1
done
gpuswap-sim exec --group NB -- sh -c 'echo "$LD_PRELOAD"' | grep -q gpuswap-sim/gate/libcuda.so.1
gpuswap-sim ctl stop
wait $!

quietly apt-get install -y --no-install-recommends man-db gcc libc6-dev make
man gpuswap-sim | grep -q 'compare SCENARIO'
man 5 gpuswap-sim-scenario | grep -q 'gpu_memory'
man gpuswap-sim-trace >/dev/null
man 7 gpuswap-sim-serve | grep -q 'ctl status'

cp -r /usr/share/gpuswap-sim/examples/plugin .
quietly make -C plugin
gpuswap-sim plugin/mine.ini | grep -q 'mine@./mine.so'

quietly apt-get purge -y gpuswap-sim
test ! -e /usr/share/gpuswap-sim
END
echo "installed, run and removed on a bare Debian 12"
