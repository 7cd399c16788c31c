/* machine.c - the one place that asks for the time that passes. */
#include "sim/base/machine.h"

#include <time.h>

int64_t machine_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}
