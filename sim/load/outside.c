/* outside.c - wishes that come from outside: programs that run, where the scenario says only what they are. */
#include "sim/load/sources.h"

void load_from_outside(struct load *load)
{
    for (uint32_t id = 0; id < load->count; id++) {
        struct source *s = &load->source[id];

        s->kind = SOURCE_OUTSIDE;
        s->status = STATUS_HERE;
        s->finite = false;
        s->change_ns = s->detach_ns = GS_NEVER;
        load_schedule(load, GS_NEVER, id);
    }
    load->clock.next_ns = GS_NEVER;
    load->finite_left = 0;
    load->endless = load->count;
}

struct job *load_wish(struct load *load, uint32_t workload, gs_ns at_ns, int64_t bytes)
{
    struct load_event event = {.at_ns = at_ns};

    load_burst(load, workload, 0, bytes - load->source[workload].base_bytes, &event);
    if (event.job != NULL)
        event.job->next = NULL;
    return event.job;
}
