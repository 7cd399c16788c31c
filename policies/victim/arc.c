/* arc.c - ARC: LRU lists of those used once and of those used again, and their ghosts; a hit on a ghost moves the share
 * of its list.  The cache size is the number of workloads on the GPU.  Own variant: one share for all GPUs. */
#include "policies/lists.h"
#include <math.h>

enum { NOWHERE, ONCE, AGAIN, GHOST_ONCE, GHOST_AGAIN };

struct arc {
    double target;     /* how many of ONCE */
    bool again_called; /* the last miss was on a ghost of AGAIN */
};

static void keep_all(const struct gs_self *self, const uint32_t *workload, uint32_t count, double *keep)
{
    const struct gs_workload *w = self->view->workload;
    const struct arc *arc = self->state;

    for (uint32_t i = 0; i < self->view->workloads; i++)
        list_seat(self, i)->since = w[i].last_end_ns;
    double most = arc->again_called ? ceil(arc->target) - 1 : arc->target;
    int64_t newest = list_newest(self, workload[0], ONCE, most);
    for (uint32_t i = 0; i < count; i++) {
        const struct listed *seat = list_seat(self, workload[i]);
        double recent = (double)seat->since / ((double)self->view->now_ns + 1);
        keep[i] = (seat->list != ONCE ? 1 : seat->since < newest ? 0 : 2) + recent;
    }
}

static void put(const struct gs_self *self, uint32_t workload, uint8_t list)
{
    list_put(self, workload, list, self->view->workload[workload].last_end_ns);
}

static void wanted(const struct gs_self *self, uint32_t workload)
{
    struct lengths length = list_lengths(self, workload);
    double once = length.of[GHOST_ONCE], again = length.of[GHOST_AGAIN], size = length.of[ONCE] + length.of[AGAIN];
    uint8_t list = list_seat(self, workload)->list;
    struct arc *arc = self->state;

    arc->again_called = list == GHOST_AGAIN;
    if (list == GHOST_ONCE)
        arc->target = fmin(arc->target + fmax(1, again / once), size);
    else if (list == GHOST_AGAIN)
        arc->target = fmax(arc->target - fmax(1, once / again), 0);
    put(self, workload, list == ONCE ? AGAIN : list);
}

static void swapped_in(const struct gs_self *self, uint32_t workload)
{
    put(self, workload, list_seat(self, workload)->list == NOWHERE ? ONCE : AGAIN);
    struct lengths length = list_lengths(self, workload);
    double more = length.of[GHOST_ONCE] - length.of[AGAIN];
    /* ONCE and its ghosts are no more than all residents */
    if (more > 0 || length.of[GHOST_AGAIN] + more > length.of[ONCE])
        put(self, list_look(self, workload, more > 0 ? GHOST_ONCE : GHOST_AGAIN, 0).first, NOWHERE);
}

static void evicted(const struct gs_self *self, uint32_t workload, bool chosen)
{
    put(self, workload, list_seat(self, workload)->list == ONCE ? GHOST_ONCE : GHOST_AGAIN);
    (void)chosen;
}

const struct gs_victim_policy victim_arc = {
    .abi = GS_POLICY_ABI,
    .name = "arc",
    .help = "two LRU lists, used once and used again, whose shares adapt",
    .source = "Megiddo and Modha, ARC, FAST 2003",
    .when = "Where scans and habits alternate. It learns from ghosts, of which there are few: no more than workloads "
            "that are away. A decision looks at all workloads.",
    .state_size = sizeof(struct arc),
    .workload_state_size = sizeof(struct listed),
    .keep_all = keep_all,
    .wanted = wanted,
    .swapped_in = swapped_in,
    .evicted = evicted,
    .kept = swapped_in,
    .gone = list_gone,
};
