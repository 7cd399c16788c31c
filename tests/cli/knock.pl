#!/usr/bin/perl
# knock.pl SOCKET MESSAGE... - what an attacker may say to the daemon: words, or HELLO:TICKET, a gate's first frame, or REQ, its
# wish for the GPU; AGAIN goes on with another connection.  Prints what is answered, a line each: frames by their numbers,
# words, or "closed".
#
# With HEIR=FILE it connects, says its process number, and leaves the connection to a child, which speaks once FILE exists.
# With HOLD=FILE it ends when FILE exists.  With TIMES=N it opens so many connections, and says how many are not closed at once.
use strict;
use warnings;
use Socket;

my ($path, @message) = @ARGV;
$| = 1;
$SIG{PIPE} = 'IGNORE';
$SIG{ALRM} = sub { print "silence\n"; exit 0 };

sub knock {
    socket(my $socket, AF_UNIX, SOCK_SEQPACKET, 0) or die "socket: $!\n";
    return connect($socket, pack_sockaddr_un($path)) ? $socket : undef;
}

sub await {
    my ($file) = @_;
    my $end = time + 60;
    select undef, undef, undef, 0.05 until -e $file || time > $end;
}

if (my $times = $ENV{TIMES}) {
    my @socket = grep { defined } map { knock() } 1 .. $times;
    sleep 1;
    my $open = grep { !defined recv($_, my $text, 64, MSG_DONTWAIT) } @socket;
    print "$open open\n";
    await($ENV{HOLD}) if $ENV{HOLD};
    exit 0;
}

my $socket = knock() or die "connect: $!\n";
if ($ENV{HEIR}) {
    print "$$\n";
    sleep 1;        # until the daemon has seen who it is
    exit 0 if fork;
    close STDIN;
    await($ENV{HEIR});
}
my @left;
for (@message) {
    if ($_ eq 'AGAIN') {
        push @left, $socket;
        $socket = knock() or die "connect: $!\n";
        next;
    }
    my $bytes = $_ eq 'REQ' ? pack('vCCVQQQQVVa16', 0x5347, 1, 3, 2, 0, 0, 0, 0, 0, $$, '')
        : /^HELLO(?::([0-9a-f]{8})([0-9a-f]{8}))?$/
        ? pack('vCCVQQVVQVVa16', 0x5347, 1, 1, 1, 0, 1, hex($2 // 0), hex($1 // 0), 0, 0, $$, 'knock') : $_;
    send $socket, $bytes, 0;
    alarm 5;
    recv $socket, my $text, 65536, 0;
    alarm 0;
    if (!defined $text || $text eq '') {
        print "closed\n";
        last;
    }
    print length $text == 64 && $text =~ /^GS/ ? 'frame ' . ord(substr $text, 3, 1) : $text, "\n";
}
await($ENV{HOLD}) if $ENV{HOLD};
