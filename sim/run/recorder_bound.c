/* recorder_bound.c - where no policy can change when a burst becomes ready, the best schedule of the same bursts is followed
 * alongside, for the bound of the report. */
#include "sim/run/recorder_state.h"

bool bound_open(struct recorder *rec)
{
    const struct recorder_setup *s = &rec->setup;
    double *speed = arena_array(s->arena, s->gpus, sizeof *speed);

    if (speed == NULL)
        return false;
    for (uint32_t i = 0; i < s->gpus; i++)
        speed[i] = s->view->gpu[i].speed;
    bound_init(&rec->bound, speed, s->gpus);
    rec->bounded = true;
    for (uint32_t i = 0; i < s->setup->workloads; i++)
        rec->bounded = rec->bounded && load_is_fixed(s->load, i);
    return true;
}

void bound_close(struct recorder *rec)
{
    rec->tally.bounded = rec->bounded;
    rec->tally.bound_ns = bound_sum(&rec->bound);
    rec->out_of_memory |= rec->bound.out_of_memory;
    bound_fini(&rec->bound);
}
