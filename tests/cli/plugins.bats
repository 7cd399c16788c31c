#!/usr/bin/env bats
# plugins.bats - policies that come as shared objects: good ones run, bad ones are refused with what to do, and those
# that answer nonsense are found out.

bats_require_minimum_version 1.5.0

setup_file() {
    export INCLUDE="$BATS_FILE_TMPDIR/include"
    mkdir -p "$BATS_FILE_TMPDIR/include"
    ln -sfn "$GPUSWAP_ROOT/policies" "$BATS_FILE_TMPDIR/include/gpuswap"
}

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
    cat >a.ini <<'END_OF_SCENARIO'
[scenario]
duration = 1h
replications = 2
record = events
[node]
gpus = 2
gpu_memory = 80GiB
[policy]
victim = ./a.so
[workload.NB]
class = notebook
count = 6
memory = 30GiB
think = exp(60s)
burst = exp(10s)
END_OF_SCENARIO
}

# build FILE.so SOURCE -DWHAT=...: SOURCE lies in tests/plugins.
build() {
    cc -I"$INCLUDE" -std=gnu17 -fPIC -shared -o "$1" "$GPUSWAP_ROOT/tests/plugins/$2.c" "${@:3}"
}

# refused CODE TEXT [OPTION...]: a.ini is, in its line of the plug-in, and nothing is run.
refused() {
    run --separate-stderr "$GPUSWAP_SIM" a.ini "${@:3}"
    [ "$status" -eq "$1" ] || { echo "ended with $status: $stderr"; return 1; }
    [[ $stderr == "gpuswap-sim: "*"plug-in './a.so' as victim: "*"$2"* ]] || { echo "said: $stderr"; return 1; }
    [ "${#stderr_lines[@]}" -eq 1 ]
    [ -z "$output" ]
    [ ! -e results.db ]
}

# spoilt TEXT -DWHAT=...: the victim policy with that is refused.
spoilt() {
    build a.so victim "${@:2}"
    refused 65 "$1"
    [[ $stderr == "gpuswap-sim: a.ini:9: "* ]]
}

@test "a good one runs, and is told by its name and path" {
    build a.so victim
    "$GPUSWAP_SIM" a.ini --json a.json >a.txt
    grep -q '^a   spoilt@./a.so + ps' a.txt
    [ "$(jq -r .policy.victim a.json)" = spoilt@./a.so ]
    [ "$(jq -c .policy_faults a.json)" = '{}' ]
    [ "$(sqlite3 results.db 'SELECT victim, policy_faults FROM run')" = 'spoilt@./a.so|0' ]
    # The same rule as lru: the same choices.
    sqlite3 results.db 'SELECT * FROM command WHERE run = 1 ORDER BY replication, command' | cut -d'|' -f2- >mine
    "$GPUSWAP_SIM" a.ini --set policy.victim=lru --quiet
    sqlite3 results.db 'SELECT * FROM command WHERE run = 2 ORDER BY replication, command' | cut -d'|' -f2- >lru
    [ "$(grep -c swap_out mine)" -gt 20 ]
    cmp mine lru
}

# weighs_all KEEP: a.so weighs as lru does, by keep_all; KEEP would say the opposite.
weighs_all() {
    cat >all.c <<END_OF_PLUGIN
#include <gpuswap/policy.h>
static void keep_all(const struct gs_self *self, const uint32_t *workload, uint32_t count, double *worth)
{
    for (uint32_t i = 0; i < count; i++)
        worth[i] = (double)self->view->workload[workload[i]].last_use_ns;
}
double keep(const struct gs_self *self, uint32_t workload)
{
    return -(double)self->view->workload[workload].last_use_ns;
}
const struct gs_victim_policy gs_victim = {
    .abi = GS_POLICY_ABI, .name = "all", .help = "h", .keep = $1, .keep_all = keep_all};
END_OF_PLUGIN
    cc -I"$INCLUDE" -std=gnu17 -fPIC -shared -o a.so all.c
}

@test "one that weighs all at once decides as one that weighs each, and is explained alike" {
    "$GPUSWAP_SIM" a.ini --quiet --set policy.victim=lru --db lru.db
    "$GPUSWAP_SIM" explain lru.db --json - | jq .bursts >lru.json
    for keep in NULL keep; do       # keep_all counts, whether keep is there or not
        weighs_all $keep
        "$GPUSWAP_SIM" a.ini --quiet --db $keep.db
        for table in command candidate; do
            rows="SELECT * FROM $table ORDER BY 1, 2, 3, 4"     # replications are written as they end
            cmp <(sqlite3 lru.db "$rows") <(sqlite3 $keep.db "$rows")
        done
        "$GPUSWAP_SIM" explain $keep.db --json - | jq .bursts >$keep.json
        cmp lru.json $keep.json
        "$GPUSWAP_SIM" audit $keep.db | grep ' 0 differences'
    done
    [ "$(sqlite3 keep.db 'SELECT count(*) FROM candidate WHERE chosen = 0')" -gt 20 ]
}

@test "the hash of its file is recorded, and held against it" {
    build a.so victim
    "$GPUSWAP_SIM" a.ini --quiet --json a.json
    hash=$(jq -r '.policy.parameters["victim.hash"]' a.json)
    [[ $hash =~ ^[0-9a-f]{16}$ ]]
    [ "$("$GPUSWAP_SIM" policies ./a.so | grep -c "hash: $hash")" -eq 1 ]
    [ "$(sqlite3 results.db 'SELECT keys FROM run' | grep victim.hash)" = "policy.victim.hash = $hash" ]
    "$GPUSWAP_SIM" audit results.db | grep ' 0 differences'
    "$GPUSWAP_SIM" a.ini --quiet --set policy.victim.hash="$hash"

    build a.so victim -DKEEP='return workload;'
    run --separate-stderr "$GPUSWAP_SIM" audit results.db
    [ "$status" -eq 65 ]
    [[ $stderr == *"plug-in './a.so' as victim: its file has the hash "*", and '$hash' is asked for"* ]]
    rm results.db
    refused 65 "'$hash' is asked for" --set policy.victim.hash="$hash"
    # The hash of one plug-in does not bind another.
    sed -i "/^victim/a victim.hash = $hash" a.ini
    cp a.so b.so
    "$GPUSWAP_SIM" a.ini --quiet --set policy.victim=./b.so
    "$GPUSWAP_SIM" audit results.db | grep ' 0 differences'
    "$GPUSWAP_SIM" a.ini --quiet --set policy.victim=lru
}

@test "paths start at the folder of the file that names it" {
    mkdir -p one two
    build two/a.so victim
    printf '[policy]\nvictim = a.so\n' >two/policy.ini
    { echo 'include = ../two/policy.ini'; grep -Ev '^(victim|\[policy)' a.ini; } >one/a.ini
    "$GPUSWAP_SIM" one/a.ini --quiet --json - | grep -q '"victim":"spoilt@a.so"'
    "$GPUSWAP_SIM" audit results.db | grep ' 0 differences'
    "$GPUSWAP_SIM" one/a.ini --quiet --set policy.victim=../two/a.so
    "$GPUSWAP_SIM" audit results.db | grep ' 0 differences'
}

@test "parameters are of its own table" {
    rows='{"time", GS_TIME, "2s", 0, 1e18, NULL, "h"}, {"pick", GS_CHOICE, "two", 0, 0, choices, "h"}'
    build a.so victim -DROWS="$rows" -DKEEP='return self->param[0].i == 2000000000 && self->param[1].i == 0 ? NAN : 0;'
    "$GPUSWAP_SIM" policies ./a.so >told
    grep -q '^victim = ./a.so$' told
    grep -q 'victim.time = 2s' told
    grep -q 'victim.pick = two   (one | two)' told
    [ "$("$GPUSWAP_SIM" a.ini --quiet --json - | jq -c .policy_faults)" = '{}' ]
    [ "$("$GPUSWAP_SIM" a.ini --quiet --json - --set policy.victim.pick=one | jq .policy_faults.victim)" -gt 0 ]
    rm results.db
    run "$GPUSWAP_SIM" a.ini --set policy.victim.time=-1s
    [ "$status" -eq 65 ]
    [[ $output == *"'victim.time = -1s'"* ]]
    run "$GPUSWAP_SIM" a.ini --set policy.victim.tim=1s
    [ "$status" -eq 65 ]
    [[ $output == *"victim 'spoilt' has no parameter 'tim'; it has 'time', 'pick'"* ]]
}

@test "66: no such file; 65: what is no shared object" {
    refused 66 "cannot read './a.so': No such file or directory; paths start at the scenario's folder"
    mkdir a.so
    refused 65 "'./a.so' is no file"
    rmdir a.so
    mkfifo a.so
    refused 65 "'./a.so' is no file"
    rm a.so
    : >a.so
    refused 65 "it cannot be loaded: file too short; build it with 'cc -shared -fPIC'"
    echo 'int main(void) { return 0; }                                          ' >a.so
    refused 65 "it cannot be loaded: invalid ELF header"
    truncate -s 1T a.so
    refused 65 "'./a.so' is larger than 256 MiB"
    run --separate-stderr "$GPUSWAP_SIM" policies ./none.so
    [ "$status" -eq 66 ]
    [[ $stderr == "gpuswap-sim: plug-in './none.so': cannot read './none.so'"* ]]
    build a.so victim -DWITH=.abi=1
    run "$GPUSWAP_SIM" policies a.so
    [ "$status" -eq 65 ]
    [[ $output == *"version 1 of policy.h"* ]]     # it is found here, not where libraries are
}

@test "65: what it defines is not what its slot needs" {
    echo 'int unrelated;' >none.c
    cc -shared -fPIC -o a.so none.c
    refused 65 "it defines none of gs_victim, gs_slicer, gs_cap, gs_prefetch and gs_place"
    echo 'void gs_victim(void) {}' >function.c
    cc -shared -fPIC -o a.so function.c
    refused 65 "gs_victim: it must be a 'const struct gs_victim_policy'"
    echo 'const int gs_victim = 1;' >number.c
    cc -shared -fPIC -o a.so number.c
    refused 65 "gs_victim: it must be a 'const struct gs_victim_policy'"
    cat >size.c <<'END_OF_PLUGIN'
#include <gpuswap/policy.h>
const struct { uint32_t abi; int64_t x[99]; } v __asm__("gs_victim") = {GS_POLICY_ABI, {0}};
END_OF_PLUGIN
    cc -I"$INCLUDE" -shared -fPIC -o a.so size.c
    refused 65 "gs_victim: it has 800 bytes, and a 'struct gs_victim_policy' has "
    echo 'extern int nowhere(void); int (*gs_unused)(void) = nowhere; const int gs_victim = 1;' >symbol.c
    cc -shared -fPIC -o a.so symbol.c
    refused 65 "it cannot be loaded: undefined symbol: nowhere"
    # The compiler sees to it that a slot gets its own kind.
    printf '#include <gpuswap/policy.h>\nconst struct gs_cap_policy gs_victim = {.abi = GS_POLICY_ABI};' >kind.c
    run cc -I"$INCLUDE" -shared -fPIC -o a.so kind.c
    [ "$status" -ne 0 ]
    cat >slot.c <<'END_OF_PLUGIN'
#include <gpuswap/policy.h>
const struct gs_prefetch_policy gs_prefetch = {.abi = GS_POLICY_ABI, .name = "p", .help = "h"};
END_OF_PLUGIN
    cc -I"$INCLUDE" -shared -fPIC -o a.so slot.c
    refused 65 "it defines no gs_victim; it is for another slot"
}

@test "65: heads that cannot be" {
    spoilt "gs_victim: it was made for version 1 of policy.h, and this program has version" -DWITH=.abi=1
    spoilt "build it with the header that came with the program" -DWITH=.abi=4000000000
    spoilt "'name' must be 1 to 32 letters, digits and _ - +" -DWITH=.name=NULL
    spoilt "'name' must be" '-DWITH=.name=""'
    spoilt "'name' must be" '-DWITH=.name="\033[31mred"'
    spoilt "'name' must be" '-DWITH=.name="a23456789012345678901234567890123"'
    spoilt "'help' must be a line of text" -DWITH=.help=NULL
    spoilt "'help' must be a line of text" '-DWITH=.help="two\nlines"'
    spoilt "'source' must be a line of text" '-DWITH=.source="\xff"'
    spoilt "'when' must be text without line breaks" '-DWITH=.when=""'
    spoilt "it lacks a function that its slot needs, 'keep' or 'keep_all'" -DWITH=.keep=NULL
    spoilt "'needs' asks for what is not there" -DWITH=.needs=64
    spoilt "'state_size' must be 64 MiB at most" -DWITH=.state_size=-1
    spoilt "'workload_state_size' must be 64 KiB at most" -DWITH=.workload_state_size=65537
    spoilt "it crashed while it was loaded and looked at, by SIGSEGV" '-DWITH=.name=(const char*)8'
    spoilt "it crashed while it was loaded and looked at, by SIGSEGV" '-DWITH=.param=(const struct gs_param*)4096'
}

@test "65: tables of parameters that cannot be" {
    ok='GS_TIME, "1s", 0, 1e18, NULL, "h"'
    spoilt "the key of parameter 1 must be" "-DROWS={\"a key\", $ok}"
    spoilt "there are two parameters 'a'" "-DROWS={\"a\", $ok}, {\"b\", $ok}, {\"a\", $ok}"
    spoilt "no parameter may be called 'hash'" "-DROWS={\"hash\", $ok}"
    spoilt "parameter 'a' needs a kind" '-DROWS={"a", (enum gs_param_kind)9, "1s", 0, 1, NULL, "h"}'
    spoilt "parameter 'a' needs a kind" '-DROWS={"a", GS_TIME, NULL, 0, 1, NULL, "h"}'
    spoilt "parameter 'a' needs a kind" '-DROWS={"a", GS_TIME, "1s", 0, 1, NULL, NULL}'
    spoilt "'min' of parameter 'a' must be at most its 'max', and both within 9e18" \
        '-DROWS={"a", GS_TIME, "1s", 2, 1, NULL, "h"}'
    spoilt "'min' of parameter 'a' must be" '-DROWS={"a", GS_SIZE, "1GiB", 0, INFINITY, NULL, "h"}'
    spoilt "'min' of parameter 'a' must be" '-DROWS={"a", GS_NUMBER, "1", 0, NAN, NULL, "h"}'
    spoilt "default '1' of parameter 'a': a time needs a unit" '-DROWS={"a", GS_TIME, "1", 0, 1e18, NULL, "h"}'
    spoilt "default '3s' of parameter 'a': it must be from 0s to 1s" '-DROWS={"a", GS_TIME, "3s", 0, 1e9, NULL, "h"}'
    spoilt "default 'three' of parameter 'a': it must be one of one | two" \
        '-DROWS={"a", GS_CHOICE, "three", 0, 0, choices, "h"}'
    spoilt "the choices of parameter 'a' must be 1 to 64 names" '-DROWS={"a", GS_CHOICE, "one", 0, 0, NULL, "h"}'
    spoilt "the choices of parameter 'a' must be 1 to 64 names" '-DROWS={"a", GS_CHOICE, "one", 0, 0, choices + 2, "h"}'
    many=''
    for i in {1..65}; do
        many+="{\"a$i\", $ok}, "
    done
    spoilt "it has more than 64 parameters; does the table end with GS_PARAM_END?" "-DROWS=$many {\"b\", $ok}"
}

@test "65: constructors and destructors that crash, end the program, or never end" {
    spoilt "it crashed while it was loaded and looked at, by SIGSEGV" '-DAT_LOAD=*(volatile int *)8 = 1;'
    spoilt "it crashed while it was loaded and looked at, by SIGABRT" '-DAT_LOAD=abort();'
    spoilt "it crashed while it was loaded and looked at, by SIGKILL" '-DAT_LOAD=kill(getpid(), SIGKILL);'
    spoilt "it crashed while it was loaded and looked at, by SIGSEGV" '-DAT_UNLOAD=*(volatile int *)8 = 1;'
    spoilt "it ended the program while it was loaded; look at its constructors" '-DAT_LOAD=_exit(0);'
    spoilt "it ended the program while it was loaded; look at its constructors" '-DAT_LOAD=exit(3);'
    spoilt "to load it took longer than 5 s" '-DAT_LOAD=for (;;) pause();'
    spoilt "to load it took longer than 5 s" '-DAT_LOAD=for (int i = 3; i < 99; i++) close(i); for (;;) pause();'
}

@test "a constructor's words are not the program's" {
    build a.so victim '-DAT_LOAD=if (write(1, "hello\n", 6)) {}'
    "$GPUSWAP_SIM" a.ini --json - >out 2>/dev/null
    [ "$(grep -c hello out)" -eq 1 ]     # once, as it is loaded, not when it is tried
}

@test "answers that are none are counted, and told" {
    build a.so all
    all=()
    for slot in victim slicer cap prefetch place; do
        all+=(--set "policy.$slot=./a.so")
    done
    "$GPUSWAP_SIM" a.ini "${all[@]}" --set workload.NB.count=10 --json a.json >a.txt
    for slot in victim slicer cap prefetch place; do
        n=$(jq ".policy_faults.$slot" a.json)
        [ "$n" -gt 0 ]
        [ "$(sqlite3 results.db "SELECT value FROM metric WHERE name = 'policy_faults_$slot'")" = "$n.0" ]
        grep -q "^FAULTY  the $slot policy '[a-z]*@./a.so' gave [0-9,]* answers that were none; safe ones took" a.txt
    done
    total=$(jq '[.policy_faults[]] | add' a.json)
    [ "$(sqlite3 results.db 'SELECT policy_faults FROM run')" = "$total" ]
    [ "$(sqlite3 results.db 'SELECT sum(policy_faults) FROM replication')" = "$total" ]
    [ "$(sqlite3 results.db 'SELECT policy_faults FROM report_run')" = "$total" ]
    "$GPUSWAP_SIM" report results.db >again.txt
    cmp a.txt again.txt
    "$GPUSWAP_SIM" audit results.db | grep ' 0 differences'
    run "$GPUSWAP_SIM" a.ini "${all[@]}" --quiet --assert
    [ "$status" -eq 1 ]
    "$GPUSWAP_SIM" compare a.ini --policy victim=./a.so 2>notes.txt >/dev/null
    grep -q 'note: victim=./a.so: its policies gave answers that were none' notes.txt
}

@test "a victim policy that answers nothing is lru" {
    build a.so victim -DKEEP='return NAN;'
    "$GPUSWAP_SIM" a.ini --quiet
    "$GPUSWAP_SIM" a.ini --quiet --set policy.victim=lru
    sqlite3 results.db 'SELECT * FROM command WHERE run = 1 ORDER BY replication, command' | cut -d'|' -f2- >mine
    sqlite3 results.db 'SELECT * FROM command WHERE run = 2 ORDER BY replication, command' | cut -d'|' -f2- >lru
    cmp mine lru
    [ "$(sqlite3 results.db 'SELECT policy_faults > 0 FROM run ORDER BY run' | xargs)" = '1 0' ]
}

@test "a burst is explained without the plug-in, too, but for the swap file" {
    build a.so victim
    "$GPUSWAP_SIM" a.ini --quiet
    "$GPUSWAP_SIM" explain results.db --json with.json
    jq -e '.bursts[0].untold == null' with.json
    rm a.so
    "$GPUSWAP_SIM" explain results.db --json without.json
    jq -e '.bursts[0].untold | contains("a.so")' without.json
    cmp <(jq '.bursts[0] | del(.untold)' with.json) <(jq '.bursts[0] | del(.untold)' without.json)
}

@test "replications side by side give what they give one after the other" {
    build a.so victim
    for threads in 1 4; do
        "$GPUSWAP_SIM" a.ini --quiet --threads $threads --replications 8 --db $threads.db --json - |
            sed -E 's/"wall_s":[0-9.e+-]+//' >$threads.json
    done
    cmp 1.json 4.json
}

@test "the example builds against what is installed, and nothing else" {
    command -v cmake || skip "no cmake"
    cmake --install "$(dirname "$GPUSWAP_SIM")" --prefix "$PWD/prefix" >/dev/null
    sim=$PWD/prefix/bin/gpuswap-sim
    cp -r prefix/share/gpuswap-sim/examples/plugin skeleton
    make -s -C skeleton CPPFLAGS="-I$PWD/prefix/include" CFLAGS='-O2 -Wall -Wextra -Wpedantic -Werror'
    cd skeleton
    "$sim" mine.ini | head -n 1 | grep '^mine   mine@./mine.so(headstart 2s) + ps'
    "$sim" policies ./mine.so | grep 'victim.headstart = 1s'
}

@test "policy.h is C++, too, and a plug-in may be" {
    command -v g++ || skip "no g++"
    cat >mine.cc <<'END_OF_PLUGIN'
#include <gpuswap/policy.h>
static double worth(const gs_workload &w)
{
    return static_cast<double>(w.last_end_ns) + w.class_;
}
static void keep_all(const gs_self *self, const uint32_t *workload, uint32_t count, double *keep)
{
    for (uint32_t i = 0; i < count; i++)
        keep[i] = worth(self->view->workload[workload[i]]);
}
static gs_victim_policy made()
{
    gs_victim_policy policy{};
    policy.abi = GS_POLICY_ABI;
    policy.name = "mine";
    policy.help = "in C++";
    policy.keep_all = keep_all;
    return policy;
}
const gs_victim_policy gs_victim = made();
END_OF_PLUGIN
    g++ -I"$INCLUDE" -std=c++17 -Wall -Wextra -Wpedantic -Werror -fPIC -shared -o a.so mine.cc
    "$GPUSWAP_SIM" a.ini --quiet
    "$GPUSWAP_SIM" audit results.db | grep ' 0 differences'
}
