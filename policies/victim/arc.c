/* arc.c - ARC: LRU lists of those used once and of those used again, and their ghosts; a hit on a ghost moves the share
 * of its list.  The cache size is the number of workloads on the GPU.  Own variant: one share for all GPUs. */
#include "policies/policy.h"

#include <math.h>

enum { NOWHERE, ONCE, AGAIN, GHOST_ONCE, GHOST_AGAIN };

struct arc {
    double target;     /* how many of ONCE */
    bool again_called; /* the last miss was on a ghost of AGAIN */
};

/* How many of the workload's GPU are in `which`, or those of them that are older. */
static double count(const struct gs_self *self, uint32_t workload, uint8_t which, bool older)
{
    const struct gs_workload *w = self->view->workload;
    uint32_t n = 0;

    for (uint32_t i = 0; i < self->view->workloads; i++)
        n += ((const uint8_t *)self->workload_state)[i] == which && w[i].gpu == w[workload].gpu &&
             (!older || w[i].last_end_ns < w[workload].last_end_ns);
    return n;
}

static double keep(const struct gs_self *self, uint32_t workload)
{
    double recent = (double)self->view->workload[workload].last_end_ns / ((double)self->view->now_ns + 1);
    const struct arc *arc = self->state;

    if (((const uint8_t *)self->workload_state)[workload] != ONCE)
        return 1 + recent;
    double left = count(self, workload, ONCE, false) - count(self, workload, ONCE, true);
    return (left > arc->target || (arc->again_called && left >= arc->target) ? 0 : 2) + recent;
}

static void wanted(const struct gs_self *self, uint32_t workload)
{
    uint8_t *list = (uint8_t *)self->workload_state + workload;
    struct arc *arc = self->state;
    double once = count(self, workload, GHOST_ONCE, false), again = count(self, workload, GHOST_AGAIN, false);
    double size = count(self, workload, ONCE, false) + count(self, workload, AGAIN, false);

    arc->again_called = *list == GHOST_AGAIN;
    if (*list == GHOST_ONCE)
        arc->target = fmin(arc->target + fmax(1, again / once), size);
    else if (*list == GHOST_AGAIN)
        arc->target = fmax(arc->target - fmax(1, once / again), 0);
    else if (*list == ONCE)
        *list = AGAIN;
}

static void swapped_in(const struct gs_self *self, uint32_t workload)
{
    uint8_t *list = self->workload_state;

    list[workload] = list[workload] == NOWHERE ? ONCE : AGAIN;
    double more = count(self, workload, GHOST_ONCE, false) - count(self, workload, AGAIN, false);
    uint8_t trim = more > 0 ? GHOST_ONCE : GHOST_AGAIN; /* ONCE and its ghosts are no more than all residents */
    if (more <= 0 && count(self, workload, GHOST_AGAIN, false) + more <= count(self, workload, ONCE, false))
        return;
    for (uint32_t i = 0; i < self->view->workloads; i++)
        if (list[i] == trim && self->view->workload[i].gpu == self->view->workload[workload].gpu &&
            count(self, i, trim, true) <= 0) {
            list[i] = NOWHERE;
            return;
        }
}

static void evicted(const struct gs_self *self, uint32_t workload, bool chosen)
{
    uint8_t *list = (uint8_t *)self->workload_state + workload;

    *list = *list == ONCE ? GHOST_ONCE : GHOST_AGAIN;
    (void)chosen;
}

static void gone(const struct gs_self *self, uint32_t workload)
{
    ((uint8_t *)self->workload_state)[workload] = NOWHERE;
}

const struct gs_victim_policy victim_arc = {
    .abi = GS_POLICY_ABI,
    .name = "arc",
    .help = "two LRU lists, used once and used again, whose shares adapt",
    .source = "Megiddo and Modha, ARC, FAST 2003",
    .when =
        "Where scans and habits alternate. It learns from ghosts, of which there are few: no more than workloads that "
        "are away. A decision looks at all workloads for each candidate.",
    .state_size = sizeof(struct arc),
    .workload_state_size = sizeof(uint8_t),
    .keep = keep,
    .wanted = wanted,
    .swapped_in = swapped_in,
    .evicted = evicted,
    .kept = swapped_in,
    .gone = gone,
};
