/* clock.c - ask the machine, or the driver double where that is the driver. */
#include "backend/live/clock.h"
#include "backend/cuda/gpu.h"
#include "backend/double/double.h"
#include "sim/base/machine.h"

#include <dlfcn.h>
#include <time.h>

/* How long to sleep before looking again what has ended on the GPU. */
enum { LOOK_NS = 50000 };

gs_ns live_clock_device(const struct live_clock *clock)
{
    return (clock->control != NULL ? (gs_ns)clock->control->now_ns() : machine_ns()) - clock->start_ns;
}

void live_clock_start(struct live_clock *clock, const struct driver *driver, double scale)
{
    *clock = (struct live_clock){.control = dlsym(driver->library, DOUBLE_CONTROL), .scale = scale};
    clock->start_ns = live_clock_device(clock);
}

gs_ns live_clock_now(const struct live_clock *clock)
{
    return clock->scale == 1 ? live_clock_device(clock) : (gs_ns)((double)live_clock_device(clock) * clock->scale);
}

uint64_t live_clock_span(const struct live_clock *clock, gs_ns scenario_ns)
{
    return clock->scale == 1 ? (uint64_t)scenario_ns : (uint64_t)((double)scenario_ns / clock->scale) + 1;
}

void live_clock_rest(const struct live_clock *clock, gs_ns until_ns)
{
    /* a nanosecond more than enough, that rounding does not end it just before */
    gs_ns end_ns = clock->scale == 1 ? until_ns : (gs_ns)live_clock_span(clock, until_ns) + 1;
    gs_ns now_ns = live_clock_device(clock), for_ns = end_ns - now_ns < LOOK_NS ? end_ns - now_ns : LOOK_NS;
    struct timespec nap = {.tv_nsec = for_ns};

    if (for_ns <= 0 || (clock->control != NULL && clock->control->rest((uint64_t)(clock->start_ns + end_ns)) != 0))
        return;
    clock_nanosleep(CLOCK_MONOTONIC, 0, &nap, NULL);
}

void live_clock_nap(const void *clock)
{
    const struct live_clock *its = clock;
    gs_ns end_ns = live_clock_device(its) + GPU_NAP_NS;

    while (live_clock_device(its) < end_ns)
        live_clock_rest(its, (gs_ns)((double)end_ns * its->scale) + 1);
}
