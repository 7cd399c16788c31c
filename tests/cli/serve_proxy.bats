#!/usr/bin/env bats
# serve_proxy.bats - `gpuswap-sim proxy`: connections wait until their server has the GPU, and then get what it says.

# shellcheck disable=SC2154,SC2030,SC2031,SC2034
bats_require_minimum_version 1.5.0
load serve

setup() {
    node_setup
    cat >server.pl <<'END'
# Answers each connection with what it said, once it has said all; with "big", with 4 MB.
use IO::Socket::INET;
$SIG{CHLD} = 'IGNORE';
open my $mine, '>', 'server.pid'; print $mine $$; close $mine;
my $listener = IO::Socket::INET->new(Listen => 64, LocalAddr => '127.0.0.1:0') or die;
open my $out, '>', 'port.new'; print $out $listener->sockport; close $out; rename 'port.new', 'port';
while (1) {
    my $client = $listener->accept or next;
    next if fork;
    my $said = do { local $/; <$client> };
    print $client $said =~ /^big/ ? 'x' x 4000000 : "heard $said";
    close $client;
    exit 0;
}
END
    cat >ask.pl <<'END'
use IO::Socket::INET;
my ($port, $words, $pause) = @ARGV;
my $server = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port") or die "refused\n";
print $server $words;
$server->flush;
shutdown $server, 1;
sleep $pause if $pause;
my $answer = do { local $/; <$server> };
die "nothing came\n" unless length $answer;
print length($answer) > 100 ? length($answer) : $answer, "\n";
END
}

teardown() {
    node_teardown
}

proxy() {
    "$GPUSWAP_SIM" proxy --listen 127.0.0.1:0 --to "127.0.0.1:$(cat port)" --place NB-0 "$@" 2>proxy.err 3>&- &
    proxy=$!
    started+=("$proxy")
    until_so grep -q 'port [0-9]' proxy.err
    port=$(sed -n 's/.*at port //p' proxy.err)
}

@test "held until the server's program has the GPU; both ways, half closed, many, slow" {
    daemon
    cat >model.sh <<'END'
"$1" 1 28 1 >model.out
perl server.pl
END
    start model sh model.sh "$(client once)"
    until_so test -s port
    until_so is_state NB-0 idle
    start other "$(client once)" 300 28 60
    until_so is_state NB-1 running
    proxy
    [ "$(timeout 20 perl ask.pl "$port" hello)" = "heard hello" ]
    for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
        (timeout 20 perl ask.pl "$port" "number $i" >"answer$i" 3>&-) &
        asked[i]=$!
    done
    [ "$(timeout 20 perl ask.pl "$port" big 1)" = 4000000 ]
    for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
        wait "${asked[i]}"
        [ "$(cat "answer$i")" = "heard number $i" ]
    done
    kill "$proxy"
    wait "$proxy"
    kill -KILL "$(process_of NB-1)" "$(cat server.pid)"
    until_so empty
    stop_daemon
    # while nobody had asked, the other had the GPU all the time
    [ "$(sqlite3 results.db "SELECT count(*) FROM burst WHERE workload=0")" -ge 1 ]
}

@test "no daemon: passed through, or refused, and told once" {
    perl server.pl 3>&- &
    started+=("$!")
    until_so test -s port
    proxy
    [ "$(timeout 20 perl ask.pl "$port" hello)" = "heard hello" ]
    [ "$(timeout 20 perl ask.pl "$port" again)" = "heard again" ]
    [ "$(grep -c 'no daemon serves there' proxy.err)" -eq 1 ]
    kill "$proxy"
    wait "$proxy"
    proxy --without refuse
    run timeout 20 perl ask.pl "$port" hello
    [ "$status" -ne 0 ]
    daemon
    kill "$proxy"
    run timeout 5 "$GPUSWAP_SIM" proxy --listen 127.0.0.1:0 --to nonsense --place A
    [ "$status" -eq 64 ]
    run timeout 5 "$GPUSWAP_SIM" proxy --listen 127.0.0.1:0 --to 127.0.0.1:1
    [ "$status" -eq 64 ]
    stop_daemon
}
