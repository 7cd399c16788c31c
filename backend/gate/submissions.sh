#!/usr/bin/env bash
# submissions.sh HEADERS [FILE] - make submissions.h (or FILE) of the toolkit's cudaTypedefs.h and of symbols.h: of each
# call by which work or memory gets to a GPU, what the gate has to know of it.
set -euo pipefail
headers=$1
cd "$(dirname "$0")"
out=${2:-submissions.h}

perl - "$headers/cudaTypedefs.h" symbols.h >"$out.new" <<'PERL'
use strict;
use warnings;
my ($typedefs, $symbols) = @ARGV;
my $work = qr/^cu(Launch|Memcpy|Memset|MemPrefetch|MemDiscard|MemBatchDecompress|MemAllocAsync|MemAllocFromPoolAsync
              |MemFreeAsync|MemMapArrayAsync|GraphLaunch|GraphUpload|StreamBatchMemOp|StreamWaitValue|StreamWriteValue
              |StreamAttachMem)/x;
my $memory = qr/^cu(MemAlloc|MemAllocPitch|MemAllocManaged|MemCreate|DevicePrimaryCtxRetain|CtxCreate)(_v\d)?$/;
my (%abis, %exported);

# The ABIs of each call, oldest first: those for the default stream of all, and those for that of the thread.
open my $in, '<', $typedefs or die "$typedefs: $!";
while (<$in>) {
    next unless /^\s*typedef CUresult \(CUDAAPI \*PFN_(cu\w+?)_v(\d+)(_ptsz|_ptds)?\)\((.*)\);/;
    push @{$abis{$1}{defined $3 ? 1 : 0}}, {since => $2, words => [split /,\s*/, $4]};
}
open $in, '<', $symbols or die "$symbols: $!";
for my $symbol (join('', <$in>) =~ /\bX\((cu\w+)\)/g) {
    next if $symbol !~ $memory and ($symbol !~ $work or $symbol =~ /^cuLaunchHostFunc/);    # that runs on the host
    my ($base, $abi, $thread) = $symbol =~ /^(\w+?)(?:_v(\d+))?(_ptsz|_ptds)?$/;
    push @{$exported{$base}{defined $thread ? 1 : 0}}, [$abi // 1, $symbol];
}

sub stream_of {
    my ($symbol, @words) = @_;
    for my $i (0 .. $#words) {
        return $i + 1 if $words[$i] =~ /^CUstream\s+\w/;
        next if $symbol !~ $memory;
        return 'BYTES_' . ($i + 1) if $words[$i] =~ /^(?:size_t|unsigned int) (?:bytesize|size)$/;
        return 'DEVICE_' . ($i + 1) if $words[$i] =~ /^CUdevice(?:_v1)? /;
    }
    return 'BYTES' if $symbol =~ $memory;
    return $symbol =~ /^cuLaunchKernelEx/ ? 'CONFIG' : $symbol =~ /MultiDevice$/ ? 'LIST' : 'NONE';
}

my @rows;
for my $base (sort keys %exported) {
    for my $thread (sort keys %{$exported{$base}}) {
        my @symbols = sort { $a->[0] <=> $b->[0] } @{$exported{$base}{$thread}};
        my @types = sort { $a->{since} <=> $b->{since} } @{$abis{$base}{$thread} // []};
        die "$base: ABIs and symbols do not match\n" if @symbols != @types;
        for my $i (0 .. $#symbols) {
            my @words = @{$types[$i]{words}};
            push @rows, sprintf '    X(%s, %s, %d, %d, %d, %s)', $symbols[$i][1], $base, $types[$i]{since}, $thread,
                scalar @words, stream_of($symbols[$i][1], @words);
        }
    }
}
print <<'TEXT';
/* submissions.h - the calls by which work and memory get to a GPU.  Made by submissions.sh; do not edit. */
#ifndef GS_SUBMISSIONS_H
#define GS_SUBMISSIONS_H

/* X(symbol, name that cuGetProcAddress is asked for, first CUDA version with this ABI, 1: its default stream is that of
 * the thread, number of arguments, which of them is the stream: NONE, or in a CONFIG or a LIST of launches; or BYTES, where memory is
 * taken, and DEVICE, where a context is made, with the number of the argument that says how many or which) */
/* clang-format off */
TEXT
print join(" \\\n", '#define GATE_SUBMISSIONS(X)', @rows), "\n/* clang-format on */\n\n#endif\n";
PERL
mv "$out.new" "$out"
