#!/usr/bin/env bats
# html.bats - the page of a run or several: what stands on it and in which order, that nothing in it is taken for HTML or
# loaded from elsewhere, and what becomes of it where the disk is full or gnuplot is missing.  tests/browser looks at it
# with a browser.

# shellcheck disable=SC2154     # $stderr is set by `run --separate-stderr`
bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
}

# make_run FILE [OPTION...]: a short run of two groups into the database FILE.
make_run() {
    cat >two.ini <<'END'
; what a reader should know
[scenario]
name = two
duration = 20m
replications = 2
[node]
gpu_memory = 80GiB
swap_file = 160GiB
[workload.NB_1]
class = notebook
count = 4
memory = 30GiB
think = exp(40s)
burst = exp(5s)
[workload.TR.a]
class = training
memory = 20GiB
gpu_work = 10h
[sla.NB_1]
group = NB_1
response_p95 = 30s
END
    "$GPUSWAP_SIM" run two.ini --db "$1" --quiet "${@:2}"
}

report() {
    run --separate-stderr "$GPUSWAP_SIM" report "$@"
}

# Every element is closed where it was opened, no id is there twice, and links within the page lead somewhere.
sound() {
    perl -0777 -ne '
        s/<!DOCTYPE[^>]*>//; s/<style>.*?<\/style>//s;
        my @open;
        while (/<(\/?)([a-zA-Z0-9]+)((?:[^>"\x27]|"[^"]*"|\x27[^\x27]*\x27)*?)(\/?)>/g) {
            my ($end, $tag, $attributes, $empty) = ($1, $2, $3, $4);
            die "id $1 twice\n" if $attributes =~ /\bid=["\x27]([^"\x27]*)/ && $id{$1}++;
            $to{$1} = 1 if $attributes =~ /href=["\x27]#([^"\x27]*)/;
            next if $empty || $tag =~ /^(meta|link|br)$/;
            if (!$end) { push @open, $tag } else { my $last = pop @open; die "<$last> ends as </$tag>\n" if $last ne $tag }
        }
        die "open: @open\n" if @open;
        for (keys %to) { die "no #$_\n" if !$id{$_} }' "$1"
}

# What a browser would load, or run.
loads_nothing() {
    no -nEi '(src|href|srcset|action|poster|xmlns)[a-z:]*[[:space:]]*=[[:space:]]*["'"'"']?(https?:|//|file:|ftp:|javascript:)|url\(|@import|<(script|iframe|img|object|embed|form|audio|video)' "$1"
}

# no GREP-ARGUMENT...: bats does not see it where a command after '!' fails.
no() {
    if grep "$@"; then
        return 1
    fi
}

# The headings in their order.
headings() {
    grep -oE '<h2[^>]*>[^<]*' "$1" | sed 's/<h2[^>]*>//'
}

@test "one page with everything, in the order of the questions" {
    make_run a.db --set scenario.record=bursts
    report a.db --html page
    [ "$status" -eq 0 ]
    [ -z "$output" ]
    [[ $stderr == "page/index.html: 1 run" ]]
    [ "$(ls -A page)" = index.html ]
    sound page/index.html
    loads_nothing page/index.html
    diff <(headings page/index.html) - <<'END'
Promises
Key numbers
How long bursts took
Where the time of a burst went
Who was on the GPUs, and the swaps
Swap file, links and GPUs over time
What was assumed
The same numbers again
END
    # The answer stands before all that, and is that of the report.
    sed '/<h2/,$d' page/index.html >answer.txt
    grep -qE 'class="verdict".*The promise is (missed|kept)' answer.txt
    grep -qF "$("$GPUSWAP_SIM" report a.db | sed -n 's/^What limits: //p')" answer.txt
    grep -qF "$("$GPUSWAP_SIM" report a.db | sed -n 's/^Next: \(.*\)  # .*/\1/p')" answer.txt
    grep -qF '>simulated</span>' answer.txt
    no -qF '{{' page/index.html
}

@test "each picture in two widths, told in words, with its data" {
    make_run a.db --set scenario.record=bursts
    "$GPUSWAP_SIM" report a.db --html page --plots plots 2>/dev/null
    for name in response stalls residency swap link gpu; do
        sed -n "/<figure id=\"run-1-$name\"/,/<\/figure>/p" page/index.html >figure.txt
        for width in wide narrow; do
            grep -qE "<svg class=\"$width\" viewBox=\"0 0 [0-9]+ [0-9]+\" role=\"img\" aria-label=\"[^\"]{40,}\"" figure.txt
        done
        # The same data as that of the picture in a file.
        grep -o "download=\"run-1-$name.csv\" href=\"data:text/csv;charset=utf-8,[^\"]*" figure.txt |
            sed 's/.*utf-8,//; s/%/\\x/g' | xargs -0 printf '%b' | sed '$d' >"$name.csv"
        cmp "$name.csv" "plots/$name.csv"
    done
    grep -q 'Of the bursts of NB_1, half took no longer than' page/index.html
}

@test "the same bytes again" {
    make_run a.db --set scenario.record=bursts
    "$GPUSWAP_SIM" report a.db --html one 2>/dev/null
    "$GPUSWAP_SIM" report a.db --html two 2>/dev/null
    diff -r one two
}

@test "the scenario on the page gives the same numbers again" {
    make_run a.db --set policy.slicer=rr --set policy.slicer.quantum=7s --seed 5
    "$GPUSWAP_SIM" report a.db --html page 2>/dev/null
    grep -o 'download="again.ini" href="[^"]*' page/index.html | sed 's/.*utf-8,//; s/%/\\x/g' | xargs -0 printf '%b' >again.ini
    "$GPUSWAP_SIM" run again.ini --db b.db --quiet
    diff <("$GPUSWAP_SIM" report a.db --csv - | grep -v wall_s) <("$GPUSWAP_SIM" report b.db --csv - | grep -v wall_s)
    # So it does of a replay, beside the trace.
    cp "$GPUSWAP_ROOT/scenarios/office.gst" .
    "$GPUSWAP_SIM" replay office.gst --set trace.trace.memory=30GiB --db c.db --quiet
    "$GPUSWAP_SIM" report c.db --html page 2>/dev/null
    grep -o 'download="again.ini" href="[^"]*' page/index.html | sed 's/.*utf-8,//; s/%/\\x/g' | xargs -0 printf '%b' >again.ini
    "$GPUSWAP_SIM" run again.ini --db d.db --quiet
    diff <("$GPUSWAP_SIM" report c.db --csv - | grep -v wall_s) <("$GPUSWAP_SIM" report d.db --csv - | grep -v wall_s)
}

@test "nothing empty: sections without content are left out" {
    make_run a.db
    sed -i '/TR.a/,/gpu_work/d; s/^burst = .*/burst = 9h/' two.ini
    "$GPUSWAP_SIM" two.ini --db a.db --quiet
    report a.db --html page
    [ "$status" -eq 0 ]
    sound page/index.html
    headings page/index.html | no -q 'How long bursts took'
    headings page/index.html | no -q 'Who was on the GPUs'
    grep -q 'Not shown: .*run it again with --set scenario.record=bursts' page/index.html
    no -qE '<(tbody|ul|dl|section|figure)[^>]*>[[:space:]]*</' page/index.html
}

@test "whatever names and texts hold, it is shown, never obeyed" {
    make_run a.db --set scenario.record=bursts
    local evil='<script>alert(1)</script>"'"''"' onload=x &amp; {{title}} </svg></style> ü'
    for change in "run SET scenario" "run SET text" "run SET limits" "run SET policy" "run SET victim" "run SET length" \
        "run SET version" "gpu SET name" "node SET name" "workload_group SET name" "sla SET grp" "sla SET metric"; do
        sqlite3 a.db "UPDATE $change = '$evil'"
    done
    sqlite3 a.db "UPDATE run SET next = 'gpuswap-sim $evil  # $evil?', file = '$evil', keys = keys || 'sla.x.y = $evil' || char(10),
        parameters = '\"victim.x\":\"' || 'evil' || '<b>\"'"
    sqlite3 a.db "UPDATE metric SET scope = 'group:' || '$evil' WHERE scope = 'group:NB_1'"
    report a.db --html page
    [ "$status" -eq 0 ]
    sound page/index.html
    loads_nothing page/index.html
    [ "$(grep -c '&lt;script&gt;alert(1)&lt;/script&gt;' page/index.html)" -gt 20 ]
    no -qE '<(script|b>"|/style>.)' page/index.html
    [ "$(grep -c '</style>' page/index.html)" -eq 1 ]
}

@test "text that is no UTF-8, and control characters" {
    make_run a.db
    sqlite3 a.db "UPDATE run SET scenario = CAST(x'61FF62C3280163' AS TEXT)"
    report a.db --html page
    [ "$status" -eq 0 ]
    LC_ALL=C.UTF-8 grep -qF 'a�b�(�c' page/index.html
    iconv -f utf-8 -t utf-8 page/index.html >/dev/null
}

@test "several runs: answers side by side, what they differ in, no comparison with who leaves somebody out" {
    make_run a.db --set scenario.duration=8h
    make_run a.db --set scenario.duration=8h --set policy.slicer=rr
    make_run a.db --set scenario.duration=8h --set node.swap_file=70GiB
    report a.db --html page --run 2 --run 1 --run 3
    [ "$status" -eq 0 ]
    sound page/index.html
    [ "$(grep -c 'class="verdict"' page/index.html)" -eq 3 ]
    [ "$(headings page/index.html | head -n 3)" = "The runs side by side
Run 2: two, lru + rr(30s)
Promises" ]
    grep -q '<th scope="row">policy.slicer</th>' <(tr -d '\n' <page/index.html)
    # Percentages against run 2, which is the first; run 3 has somebody who is stuck.
    tr -d '\n' <page/index.html | grep -oE '<caption>NB_1: how long bursts took.*' | sed 's,</table>.*,,; s,<tr>,\n<tr>,g' >table.txt
    grep '>run 2<' table.txt | no -q '%</small>'
    grep '>run 1<' table.txt | grep -q '%</small>'
    grep '>run 3<' table.txt | grep -q 'leave out who was refused, was stuck'
    grep '>run 3<' table.txt | no -q '%</small>'
    grep -q 'aria-label="response times of all runs' page/index.html
    grep -qF 'report a.db --run 2 --run 1 --run 3 --html DIR' page/index.html
}

@test "what cannot be asked for" {
    make_run a.db
    report a.db --html page --run 1 --run 1
    [ "$status" -eq 64 ]
    report a.db --json - --run 1 --run 2
    [ "$status" -eq 64 ]
    [[ $stderr == *"for --html alone"* ]]
    report a.db --html page --run 1 --run 2
    [ "$status" -eq 65 ]
    [[ $stderr == *"'a.db' has no run 2"* ]]
    [ ! -e page ]
}

@test "a folder that cannot be made or written" {
    make_run a.db
    report a.db --html no/such/folder
    [ "$status" -eq 73 ]
    [[ $stderr == *"cannot create the folder 'no/such/folder'"* ]]
    touch file
    report a.db --html file
    [ "$status" -eq 73 ]
    [[ $stderr == *"'file'"* ]]
    mkdir -p taken/index.html
    report a.db --html taken
    [ "$status" -eq 73 ]
    [[ $stderr == *"cannot create 'taken/index.html'"* ]]
    [ "$(ls -A taken)" = index.html ]
    [ "$(id -u)" -ne 0 ] || return 0
    mkdir locked
    chmod 555 locked
    report a.db --html locked
    [ "$status" -eq 73 ]
}

# on_disk SIZE COMMAND...: what it leaves on a disk of that size, where an older page lies.
on_disk() {
    mkdir -p disk
    mount -t tmpfs -o "size=$1" tmpfs disk 2>/dev/null || skip "cannot mount a small disk here"
    echo old >disk/index.html
    run --separate-stderr "${@:2}"
    left=$(cd disk && ls -A && cat index.html)
    umount disk
}

@test "a disk that is full: no half page, and the old one stays" {
    make_run a.db
    mkdir empty
    # Full while gnuplot draws, and while the page is written.
    on_disk 200k "$GPUSWAP_SIM" report a.db --html disk
    [ "$status" -eq 74 ]
    [ -n "$stderr" ]
    [ "$left" = "index.html
old" ]
    on_disk 48k env PATH="$PWD/empty" "$GPUSWAP_SIM" report a.db --html disk
    [ "$status" -eq 74 ]
    [[ $stderr == *"cannot write 'disk/index.html': No space left on device"* ]]
    [ "$left" = "index.html
old" ]
}

@test "without gnuplot: a page without pictures that says so, and the exit code does" {
    make_run a.db
    mkdir empty
    run --separate-stderr env PATH="$PWD/empty" "$GPUSWAP_SIM" report a.db --html page
    [ "$status" -eq 71 ]
    [[ $stderr == *"no 'gnuplot'"*"gnuplot-nox"* ]]
    sound page/index.html
    no -q '<svg' page/index.html
    grep -q 'No picture: no .*gnuplot.* on this machine' page/index.html
    grep -q 'data:text/csv' page/index.html
    [ "$(ls -A page)" = index.html ]
}

# The three that tell more than a run, of the small scenario; then the page of all.
findings() {
    make_run a.db --set scenario.record=bursts
    "$GPUSWAP_SIM" capacity two.ini --vary "workload.NB_1.count=1..8" --quiet --json capacity.json
    "$GPUSWAP_SIM" compare two.ini --policy victim=lru --policy slicer=rr --quiet --json compare.json
    "$GPUSWAP_SIM" regret two.ini --quiet --json regret.json
}

@test "--with, the curve of a capacity, a comparison and a regret, before the runs" {
    findings
    report a.db --html page --with capacity.json --with compare.json --with regret.json
    [ "$status" -eq 0 ]
    sound page/index.html
    loads_nothing page/index.html
    diff <(headings page/index.html | head -n 4) - <<'END'
How far it goes
Alternatives compared
What is left to win
Promises
END
    grep -qF "<p class=\"finding\">$(jq -r .says capacity.json | sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g')." page/index.html
    for name in capacity_1 compare_2 regret_3; do
        sed -n "/<figure id=\"run-1-$name\"/,/<\/figure>/p" page/index.html >figure.txt
        for width in wide narrow; do
            grep -qE "<svg class=\"$width\" viewBox=\"0 0 [0-9]+ [0-9]+\" role=\"img\" aria-label=\"[^\"]{40,}\"" figure.txt
        done
        grep -o "download=\"run-1-$name.csv\" href=\"data:text/csv;charset=utf-8,[^\"]*" figure.txt |
            sed 's/.*utf-8,//; s/%/\\x/g' | xargs -0 printf '%b' >"$name.csv"
    done
    # Each point that was tried, each difference, each part: as the commands wrote them.
    diff <(tail -n +2 capacity_1.csv | grep . | cut -d, -f1,2,5) \
        <(jq -r '.curve[] | select(.checks[0].value) | [.value, .checks[0].value, .state] | join(",")' capacity.json)
    [ "$(tail -n +2 compare_2.csv | grep -c .)" -eq "$(jq '[.metrics[] | select(.scope == "group" and (.metric == "response_mean" or .metric == "response_p95")) | .differences[] | select(.share)] | length' compare.json)" ]
    [ "$(tail -n +2 regret_3.csv | grep . | cut -d, -f7 | paste -sd' ')" = "$(jq -r '[.parts[].name] | join(" ")' regret.json)" ]
    report a.db --html again --with capacity.json --with compare.json --with regret.json
    cmp page/index.html again/index.html
}

@test "--with, what is none of them, damaged, of another version or not there is refused, and nothing is written" {
    findings
    head -c 300 capacity.json >cut.json
    jq '.version = "0.0.9"' capacity.json >old.json
    jq 'del(.curve[1].state)' capacity.json >less.json
    jq '.metrics[0].values = null' compare.json >null.json
    jq '.parts = []' regret.json >none.json
    "$GPUSWAP_SIM" report a.db --json run.json
    echo '[1]' >list.json
    local file want
    while read -r file want; do
        report a.db --html page --with "$file"
        [ "$status" -eq 65 ]
        [[ $stderr == "gpuswap-sim: '$file'"*"$want"* ]] || { echo "$file: $stderr"; return 1; }
        [ ! -e page ]
    done <<'END'
cut.json damaged, or no JSON
old.json was written by gpuswap-sim 0.0.9, this is
less.json is damaged: it looks like that of 'gpuswap-sim capacity --json', but has no 'state'
null.json has no 'values'
none.json has no 'parts'
run.json is none of what 'capacity', 'compare' and 'regret' write
list.json is none of what
END
    report a.db --html page --with missing.json
    [ "$status" -eq 66 ]
    report a.db --with capacity.json
    [ "$status" -eq 64 ]
    [[ $stderr == *"add --html DIR"* ]]
}
