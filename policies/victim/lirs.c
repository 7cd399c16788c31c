/* lirs.c - LIRS: those whose last two bursts lie close together (LIR) stay; of the others the one that has been such
 * longest leaves.  Who is used again while the oldest LIR workload has not been used takes its place.  The list of
 * others is one workload, and LIR grows while memory has room. */
#include "policies/policy.h"

struct seat {
    uint64_t used, queued; /* order of last use; place among the others */
    bool resident, lir;
};

static uint32_t oldest_lir(const struct gs_self *self, uint32_t workload, uint32_t *others)
{
    const struct seat *seat = self->workload_state;
    uint32_t oldest = GS_NONE;

    *others = 0;
    for (uint32_t i = 0; i < self->view->workloads; i++) {
        if (!seat[i].resident || self->view->workload[i].gpu != self->view->workload[workload].gpu)
            continue;
        *others += !seat[i].lir;
        if (seat[i].lir && (oldest == GS_NONE || seat[i].used < seat[oldest].used))
            oldest = i;
    }
    return oldest;
}

static void use(const struct gs_self *self, uint32_t workload)
{
    const struct gs_workload *w = &self->view->workload[workload];
    struct seat *seat = self->workload_state, *mine = seat + workload;
    uint64_t *clock = self->state;
    uint32_t others, oldest = oldest_lir(self, workload, &others);
    bool room = self->view->gpu[w->gpu].free_bytes >= w->bytes;

    if (!mine->lir) {
        mine->lir = room || (oldest != GS_NONE && mine->used > seat[oldest].used);
        if (!mine->lir) {
            mine->queued = ++*clock;
        } else if (!room && others == 1) {
            seat[oldest].lir = false;
            seat[oldest].queued = ++*clock;
        }
    }
    mine->used = ++*clock;
}

static double keep(const struct gs_self *self, uint32_t workload)
{
    const struct seat *seat = (const struct seat *)self->workload_state + workload;

    return seat->lir + (double)(seat->lir ? seat->used : seat->queued) / ((double)*(uint64_t *)self->state + 1);
}

static void wanted(const struct gs_self *self, uint32_t workload)
{
    if (((const struct seat *)self->workload_state)[workload].resident)
        use(self, workload);
}

static void swapped_in(const struct gs_self *self, uint32_t workload)
{
    ((struct seat *)self->workload_state)[workload].resident = true;
    use(self, workload);
}

static void evicted(const struct gs_self *self, uint32_t workload, bool chosen)
{
    struct seat *seat = (struct seat *)self->workload_state + workload;

    seat->resident = seat->lir = false;
    (void)chosen;
}

static void gone(const struct gs_self *self, uint32_t workload)
{
    ((struct seat *)self->workload_state)[workload] = (struct seat){0};
}

const struct gs_victim_policy victim_lirs = {
    .abi = GS_POLICY_ABI,
    .name = "lirs",
    .help = "keep those whose last two bursts lie close together",
    .source = "Jiang and Zhang, LIRS, SIGMETRICS 2002",
    .when = "Where workloads are used in a circle that does not fit: most stay, one place is used in turns, as mru "
            "does, but "
            "it follows when habits change. A decision costs next to nothing.",
    .state_size = sizeof(uint64_t),
    .workload_state_size = sizeof(struct seat),
    .keep = keep,
    .wanted = wanted,
    .swapped_in = swapped_in,
    .evicted = evicted,
    .kept = swapped_in,
    .gone = gone,
};
