#!/usr/bin/perl
# forwards.pl SYMBOLS SUBMISSIONS HOOKS OUTPUT - for each symbol of a driver that the gate has no function of its own
# for: a jump to wherever the table says, in assembler.
use strict;
use warnings;
my ($symbols, $submissions, $hooks, $output) = @ARGV;

my %own;
for my $path ($submissions, $hooks) {
    open my $in, '<', $path or die "$path: $!\n";
    /^\s+X\((cu\w+)/ and $own{$1} = 1 while <$in>;
}
open my $in, '<', $symbols or die "$symbols: $!\n";
my @symbol = join('', <$in>) =~ /\bX\((cu\w+)\)/g;

open STDOUT, '>', $output or die "$output: $!\n";
print "    .text\n";
for my $i (0 .. $#symbol) {
    next if $own{$symbol[$i]};
    print <<"TEXT";
    .globl $symbol[$i]
    .type $symbol[$i], \@function
    .p2align 4
$symbol[$i]:
    endbr64
    movl \$$i, %r11d
    jmp *(gate_jump + 8 * $i)(%rip)
    .size $symbol[$i], . - $symbol[$i]
TEXT
}
# The first call of all finds the driver, and one while the gate is shut asks for the GPU: keep the arguments, ask where to
# go on, go on there.
print <<'TEXT';
    .p2align 4
    .globl gate_first
    .hidden gate_first
    .type gate_first, @function
gate_first:
    .cfi_startproc
    endbr64
    pushq %rbp
    .cfi_def_cfa_offset 16
    .cfi_offset %rbp, -16
    movq %rsp, %rbp
    .cfi_def_cfa_register %rbp
    andq $-16, %rsp
    subq $192, %rsp
    movq %rdi, 0(%rsp)
    movq %rsi, 8(%rsp)
    movq %rdx, 16(%rsp)
    movq %rcx, 24(%rsp)
    movq %r8, 32(%rsp)
    movq %r9, 40(%rsp)
    movq %rax, 48(%rsp)
    movaps %xmm0, 64(%rsp)
    movaps %xmm1, 80(%rsp)
    movaps %xmm2, 96(%rsp)
    movaps %xmm3, 112(%rsp)
    movaps %xmm4, 128(%rsp)
    movaps %xmm5, 144(%rsp)
    movaps %xmm6, 160(%rsp)
    movaps %xmm7, 176(%rsp)
    movl %r11d, %edi
    call gate_resolve
    movq %rax, %r11
    movq 0(%rsp), %rdi
    movq 8(%rsp), %rsi
    movq 16(%rsp), %rdx
    movq 24(%rsp), %rcx
    movq 32(%rsp), %r8
    movq 40(%rsp), %r9
    movq 48(%rsp), %rax
    movaps 64(%rsp), %xmm0
    movaps 80(%rsp), %xmm1
    movaps 96(%rsp), %xmm2
    movaps 112(%rsp), %xmm3
    movaps 128(%rsp), %xmm4
    movaps 144(%rsp), %xmm5
    movaps 160(%rsp), %xmm6
    movaps 176(%rsp), %xmm7
    leave
    .cfi_def_cfa %rsp, 8
    jmp *%r11
    .cfi_endproc
    .size gate_first, . - gate_first
    .data
    .p2align 6
    .globl gate_jump
    .hidden gate_jump
    .type gate_jump, @object
gate_jump:
TEXT
print "    .quad gate_first\n" for @symbol;
print "    .size gate_jump, . - gate_jump\n";
print "    .globl gate_own\n    .hidden gate_own\n    .type gate_own, \@object\ngate_own:\n";
print "    .quad $_\n" for @symbol;
print "    .size gate_own, . - gate_own\n    .section .note.GNU-stack, \"\", \@progbits\n";
close STDOUT or die "$output: $!\n";
