#!/usr/bin/env bash
# real_driver.sh PROGRAM SIMULATOR [GATE PROBE] - NVIDIA's own driver libraries, as Debian packages them, have what our
# tables ask for; without a GPU they are met with the right words; behind the gate they answer the same.  They are fetched
# into a temporary folder and never installed; where they cannot be fetched, the test is skipped and says so.
set -euo pipefail
program=$(realpath "$1") sim=$(realpath "$2") gate=${3:+$(realpath "$3")} probe=${4:+$(realpath "$4")}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

skip() {
    echo "skipped: $*"
    exit 77
}
command -v apt-get >/dev/null || skip "no Debian system"
keys=/usr/share/keyrings/debian-archive-keyring.gpg
[[ -e $keys ]] || skip "no $keys"

mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
echo "deb [signed-by=$keys] http://deb.debian.org/debian bookworm non-free" >"$work/sources.list"
options=(-qq -o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o "Dir::State::lists=$work/lists" -o "Dir::Cache=$work/cache" -o APT::Sandbox::User= -o Acquire::http::Timeout=20)
cd "$work"
timeout 120 apt-get "${options[@]}" update >"$work/log" 2>&1 || skip "the package list cannot be fetched"
timeout 240 apt-get "${options[@]}" download libcuda1 libnvidia-ml1 >"$work/log" 2>&1 ||
    skip "the packages cannot be fetched: $(tail -n 1 "$work/log")"
for package in ./*.deb; do
    dpkg -x "$package" "$work/unpacked"
done
GPUSWAP_LIBCUDA=$(find "$work/unpacked" -name libcuda.so.1 | head -n 1)
GPUSWAP_LIBNVML=$(find "$work/unpacked" -name libnvidia-ml.so.1 | head -n 1)
export GPUSWAP_LIBCUDA GPUSWAP_LIBNVML
[[ -n $GPUSWAP_LIBCUDA && -n $GPUSWAP_LIBNVML ]] || skip "the packages hold no driver libraries"

"$program" | tee "$work/facts"
if grep -q '^open: there is a GPU' "$work/facts"; then
    echo "there is a GPU here: what is said without one is not tried"
    exit 0
fi
if [[ -n $gate ]]; then # behind the gate it says what it says without
    LD_PRELOAD=$gate ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0 "$probe" same
fi
grep -q '^open: the NVIDIA driver finds no GPU' "$work/facts"
grep -q '^management: the kernel module of the NVIDIA driver is not loaded' "$work/facts"

# Whoever needs a GPU says that there is none, exits with 69, and leaves nothing behind.
printf '%s\n' '[scenario]' 'duration = 1m' '[node]' 'gpu_memory = 8GiB' '[workload.A]' 'class = notebook' \
    'memory = 1GiB' 'think = exp(5s)' 'burst = exp(1s)' >tiny.ini
find . -maxdepth 1 | sort >"$work/cache/before"
refuses() {     # refuses WORDS COMMAND...: the words are among what it says
    local words=$1 status=0 said
    shift
    said=$("$sim" "$@" 2>&1) || status=$?
    [[ $status == 69 && $said == *"$words"* ]] || {
        echo "'$*' exits with $status and says: $said"
        exit 1
    }
    echo "$1: $(tail -n 1 <<<"$said")"
}
no_gpu='the NVIDIA driver finds no GPU' no_module='the kernel module of the NVIDIA driver is not loaded'
refuses "$no_gpu" doctor --live
refuses "$no_module" doctor --live
refuses "$no_module" record -o out.gst --duration 1s
refuses "$no_gpu" selftest --gpu
for command in live calibrate; do
    "$sim" --help | grep -q "^  $command " || continue
    case $command in
        live) refuses "$no_gpu" live tiny.ini --device cuda:0 ;;
        calibrate) refuses "$no_gpu" calibrate ;;
    esac
done
find . -maxdepth 1 | sort | diff "$work/cache/before" - || { echo "something is left behind"; exit 1; }
"$sim" backends | grep -q "($no_gpu"
