#!/usr/bin/env bats
# serve_random.bats - people and programs do what comes to their minds: programs come with and without a gate, are killed, stopped
# and continued, are asked for, pinned and ranked, the daemon is killed and comes back.  Whatever happens, data stay right, places
# come free, and the books balance.  SERVE_SEEDS="N...": with these seeds; SERVE_STEPS=N: so many things happen.

# shellcheck disable=SC2154
bats_require_minimum_version 1.5.0
load serve

setup() {
    node_setup
    export GPUSWAP_GATE_FAIL=closed # else they take memory without asking anybody while there is no daemon
}

teardown() {
    node_teardown
}

any_of() { # any_of WORD...
    local -a words=("$@")

    [ "$#" -gt 0 ] && echo "${words[RANDOM % $#]}"
}

process_of_any() {
    local -a pids=()
    local pid

    for pid in dir/[0-9]*; do
        pid=${pid#dir/}
        [[ $(cat "/proc/$pid/comm" 2>/dev/null) == client_* ]] && pids+=("$pid")
    done
    any_of "${pids[@]}"
}

comes() {
    local name=p$((++programs))

    start "$name" "$(client "$(any_of once threads chunks anew busy)")" $((RANDOM % 20 + 1)) $((RANDOM % 24 + 4)) $((RANDOM % 200))
}

comes_ungated() { # it may find no memory, as it does not wait for it
    local name=u$((++programs))

    GPUSWAP_LIBCUDA='' LD_LIBRARY_PATH=$build/double "$(client once)" 10 $((RANDOM % 6 + 4)) $((RANDOM % 300)) \
        >"$name.out" 2>"$name.err" 3>&- &
    started+=("$!")
    sleep 0.1
    ctl attach "$!" --group NB || kill -KILL "$!"
}

daemon_dies() {
    kill -KILL "$daemon"
    wait "$daemon"
    mv results.db "killed$programs.db" && rm -f results.db-*
    daemon
}

stops() {
    local pid

    pid=$(process_of_any)
    [ -n "$pid" ] || return 0
    kill -STOP "$pid"
    sleep "0.$((RANDOM % 10))"
    kill -CONT "$pid"
}

something_happens() {
    local place=NB-$((RANDOM % 6)) pid

    case $((RANDOM % 16)) in
    0 | 1 | 2 | 3) comes ;;
    4) comes_ungated ;;
    5 | 6) pid=$(process_of_any) && kill -KILL "$pid" ;;
    7) stops ;;
    8) ctl pin "$place" ;;
    9 | 10) ctl unpin "$place" ;;
    11) ctl priority "$place" $((RANDOM % 256)) ;;
    12) timeout 2 "$GPUSWAP_SIM" ctl request "$place" 3>&- & ;;
    13) timeout "0.$((RANDOM % 9 + 1))" "$GPUSWAP_SIM" ctl request "$place" --hold 3>&- & ;;
    14) ctl unpin "$place" ;;
    15) [ $((RANDOM % 4)) -gt 0 ] || daemon_dies ;;
    esac
}

no_program() {
    [ -z "$(process_of_any)" ]
}

no_wrong_word() {
    ! grep -H 'wrong\|client_.*: [a-z_]*: [0-9]' p*.out && ! grep -sH 'wrong' u*.out
}

@test "whatever happens, data stay right, places come free, and the books balance" {
    for seed in ${SERVE_SEEDS:-1 2 3}; do
        RANDOM=$seed programs=0
        rm -rf ./[pu]*.* results.db* killed*.db serve.err
        daemon --idle "$((RANDOM % 200 + 20))ms"
        for ((step = 0; step < ${SERVE_STEPS:-60}; step++)); do
            something_happens >>log 2>&1 || true
            sleep "0.$((RANDOM % 4))"
            kill -0 "$daemon" || { echo "seed $seed, step $step: the daemon has ended" >&2; tail serve.err >&2; return 1; }
        done
        no_wrong_word || { echo "seed $seed" >&2; return 1; }
        for place in 0 1 2 3 4 5; do
            ctl unpin "NB-$place" >/dev/null 2>&1 || true
        done
        until_so no_program || { # all have an end
            echo "seed $seed" >&2
            return 1
        }
        no_wrong_word || { echo "seed $seed" >&2; return 1; }
        until_so empty || { echo "seed $seed" >&2; return 1; }
        stop_daemon || { echo "seed $seed" >&2; return 1; }
        run ! grep 'is lost' serve.err
        "$GPUSWAP_SIM" report results.db >/dev/null
        "$GPUSWAP_SIM" explain results.db >/dev/null
    done
}
