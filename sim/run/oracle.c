/* oracle.c - the future as policies may ask for it, out of the load of the same replication. */
#include "sim/run/oracle.h"

static gs_ns next_want_ns(const void *self, uint32_t workload)
{
    const struct oracle *o = self;
    const struct gs_workload *w = &o->view->workload[workload];

    return w->wants ? o->view->now_ns : foresight_wish_ns(o->foresight, workload);
}

/* Several that wait together are served one after the other, so what was served is of the first. */
static gs_ns left_ns(const void *self, uint32_t workload)
{
    const struct oracle *o = self;
    const struct gs_workload *w = &o->view->workload[workload];
    double speed = w->gpu == GS_NONE ? 1.0 : o->view->gpu[w->gpu].speed;
    gs_ns work = (gs_ns)((double)foresight_pending_ns(o->foresight, workload) / speed);
    gs_ns served = w->burst_ns + (w->granted ? o->view->now_ns - w->granted_ns : 0);

    return work > served ? work - served : 0;
}

int oracle_open(struct oracle *o, const struct load *load, const struct gs_view *view, struct arena *arena,
                struct error *err)
{
    o->view = view;
    o->asked = (struct gs_oracle){.next_want_ns = next_want_ns, .left_ns = left_ns, .self = o};
    return foresight_open(&o->foresight, load, arena, err);
}
