#!/usr/bin/env bats
# page.bats - Chromium shows the page: it complains of nothing, asks the network for nothing, lays it out within the
# width of a telephone, in the dark and on paper.

# shellcheck disable=SC2154     # $stderr is set by `run --separate-stderr`
bats_require_minimum_version 1.5.0

setup_file() {
    cd "$BATS_FILE_TMPDIR" || exit
    cat >two.ini <<'END'
[scenario]
name = <script>document.title = "ran"; console.log("ran")</script>
duration = 2h
replications = 2
record = bursts
[node]
gpu_memory = 80GiB
swap_file = 160GiB
[workload.NB_with_a_rather_long_name_that_no_screen_of_a_telephone_holds]
class = notebook
count = 4
memory = 30GiB
think = exp(40s)
burst = exp(5s)
[workload.TR]
class = training
memory = 20GiB
gpu_work = 10h
[sla.NB_1]
class = notebook
response_p95 = 30s
END
    "$GPUSWAP_SIM" two.ini --quiet
    "$GPUSWAP_SIM" two.ini --quiet --set policy.slicer=rr
    "$GPUSWAP_SIM" capacity two.ini --quiet --json capacity.json \
        --vary workload.NB_with_a_rather_long_name_that_no_screen_of_a_telephone_holds.count=1..8
    "$GPUSWAP_SIM" compare two.ini --quiet --policy victim=lru --policy "slicer=rr slicer.quantum=10s" --json compare.json
    "$GPUSWAP_SIM" regret two.ini --quiet --json regret.json
    "$GPUSWAP_SIM" report results.db --html page --run 1 --run 2 --with capacity.json --with compare.json --with regret.json
}

setup() {
    cd "$BATS_FILE_TMPDIR" || exit
}

# browse FILE [OPTION...]: load it; what it says on the console goes to console.txt, what it asks the network for to
# asked.txt, but for what Chromium asks of its makers by itself.  Nothing reaches the network.
browse() {
    timeout 100 chromium --headless --no-sandbox --disable-gpu --user-data-dir="$BATS_TEST_TMPDIR/profile" \
        --host-resolver-rules='MAP * ~NOTFOUND' --disable-background-networking --disable-component-update --disable-sync \
        --no-first-run --no-default-browser-check --virtual-time-budget=5000 --hide-scrollbars --enable-logging=stderr \
        --log-net-log="$BATS_TEST_TMPDIR/net.json" --net-log-capture-mode=Everything "${@:2}" "file://$PWD/$1" 2>said.txt
    grep CONSOLE said.txt >console.txt || true
    grep -oE '"url":"(https?|wss?|ftp):[^"]*' "$BATS_TEST_TMPDIR/net.json" | sort -u |
        grep -vE '//(clients2\.google|accounts\.google|update\.googleapis)\.com/' >asked.txt || true
}

# within WIDTH EXPRESSION [OPTION...]: what a script beside the page, shown that wide, finds there: `d` is its document.
within() {
    cat >frame.html <<END
<iframe id=f style="border:0" width=$1 height=800 src=page/index.html></iframe><p id=p></p><script>
f.onload = () => { const d = f.contentDocument, s = e => f.contentWindow.getComputedStyle(e); p.textContent = $2 }</script>
END
    browse frame.html --allow-file-access-from-files --dump-dom "${@:3}" >dom.html
    sed -n 's/.*<p id="p">\([^<]*\)<.*/\1/p' dom.html
}

@test "nothing on the console, nothing from the network, nothing that runs" {
    browse page/index.html --dump-dom >dom.html
    [ ! -s console.txt ]
    [ ! -s asked.txt ]
    grep -q 'ran&quot;\|"ran"' dom.html
    grep -q '<title>&lt;script&gt;' dom.html
    [ "$(grep -c '<table>' dom.html)" -ge 20 ]
    [ "$(grep -c '<svg ' dom.html)" -ge 32 ]
    [ "$(grep -c 'class="verdict"' dom.html)" -eq 2 ]
}

@test "a page that does ask and complain is caught" {
    echo '<script>console.log("here")</script><img src="http://127.0.0.1:9/x.png">' >bad.html
    browse bad.html --dump-dom >/dev/null
    grep -q here console.txt
    grep -q 'http://127.0.0.1:9/x.png' asked.txt
}

@test "no wider than a screen: a telephone, a tablet, a desk" {
    local widths="320 390 700 768 870 1200"
    [ "$(within 400 "'$widths'.split(' ').map(w => { f.width = w; return d.documentElement.scrollWidth }).join(' ')")" = "$widths" ]
}

@test "narrow pictures on a telephone, wide ones on a desk, never both" {
    local shown='["wide", "narrow"].map(c => [...d.querySelectorAll("svg." + c)].filter(e => e.clientWidth > 0).length).join(" ")'
    [[ $(within 400 "$shown") =~ ^0\ [1-9][0-9]*$ ]]
    [[ $(within 1000 "$shown") =~ ^[1-9][0-9]*\ 0$ ]]
}

@test "light and dark as the reader has it, the pictures, too" {
    local colours='[s(d.documentElement).backgroundColor, s(d.querySelector("svg text")).fill].join(" ")'
    [ "$(within 800 "$colours")" = "rgb(255, 255, 255) rgb(34, 34, 34)" ]
    [ "$(within 800 "$colours" --blink-settings=preferredColorScheme=0)" = "rgb(21, 23, 26) rgb(213, 214, 216)" ]
}

@test "on paper" {
    browse page/index.html --no-pdf-header-footer --print-to-pdf=page.pdf
    [ "$(head -c 5 page.pdf)" = "%PDF-" ]
    [ "$(grep -ac '/Type /Page$\|/Type /Page[^s]' page.pdf)" -ge 4 ]
}
