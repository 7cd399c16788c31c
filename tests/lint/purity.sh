#!/usr/bin/env bash
# purity.sh ARCHIVE - the policies are pure: nothing remembered outside the memory they are handed, no calls to the
# outside.  The archive may need memory functions and exactly rounded mathematics, and has no writable data.
# libm's exp, log and pow are not among them: their last bit depends on the processor, and the results must not; those of
# sim/base/exact.h are.
source "$(dirname "$0")/lib.sh"
archive=$1

allowed=" memcpy memmove memset memcmp memchr strcmp strncmp strlen
 sqrt fabs fmin fmax floor ceil round trunc rint nearbyint lround llround lrint llrint fmod ldexp frexp scalbn copysign
 exact_exp exact_log exact_pow __assert_fail __stack_chk_fail _GLOBAL_OFFSET_TABLE_ "

defined=" $(nm --defined-only "$archive" | awk 'NF == 3 { print $3 }' | tr '\n' ' ')"
[[ ${#defined} -gt 10 ]] || complain "$archive: no symbols; is it a link-time-optimised archive?"

while read -r file symbol; do
    case "$allowed$defined" in
        *[[:space:]]"$symbol"[[:space:]]*) ;;
        *) complain "$file calls '$symbol': a policy may use what policy.h gives it, memory functions, and exact mathematics" ;;
    esac
done < <(nm -u -A "$archive" | awk '{ n = split($1, part, ":"); print part[n - 1], $NF }')

while read -r file section bytes; do
    complain "$file has $bytes bytes of '$section': a policy keeps its state in state_size and workload_state_size"
done < <(size -A "$archive" | awk '
    / : *\(ex|^[^ ]+ +\(ex/ { file = $1 }
    $1 ~ /^\.(data|bss|tdata|tbss)(\.|$)/ && $1 !~ /^\.data\.rel\.ro/ && $2 > 0 { print file, $1, $2 }')
finish
