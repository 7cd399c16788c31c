/* recorder_evicted.c - a workload is sent off its GPU: was that too early?
 *
 * It was if it wants the GPU again within the time that its own way out and back takes, alone on the link: had it stayed, it
 * would have waited less.  Who is sent away in the middle of a burst wants it at once; that is the slicer's doing, and
 * counted apart. */
#include "sim/run/recorder_state.h"

void recorder_evicted(struct recorder *rec, const struct gs_command *c, gs_ns now_ns)
{
    const struct gs_gpu *gpu = &rec->setup.view->gpu[c->gpu];
    struct watch *w = &rec->watch[c->workload];
    double out_ns = (double)c->moved_bytes * gpu->swap_out_ns_per_byte;
    double in_ns = (double)c->bytes * gpu->swap_in_ns_per_byte;

    w->premature_by_ns = -1;
    if (now_ns < rec->setup.warmup_ns || w->left)
        return;
    if (w->pending > 0) {
        group_of(rec, w)->evicted_waiting++;
        return;
    }
    group_of(rec, w)->evicted_idle++;
    w->premature_by_ns = now_ns + 2 * gpu->swap_overhead_ns + (gs_ns)(out_ns + in_ns);
}

void recorder_evicted_close(struct recorder *rec, gs_ns at_ns)
{
    for (uint32_t i = 0; i < rec->setup.setup->workloads; i++) {
        struct watch *w = &rec->watch[i];
        gs_ns until_ns = w->left ? w->left_ns : at_ns;
        if (w->premature_by_ns > until_ns)
            group_of(rec, w)->evicted_idle--;
    }
}
