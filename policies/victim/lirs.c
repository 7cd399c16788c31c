/* lirs.c - LIRS: those whose last two bursts lie close together (LIR) stay; of the others the one that has been such
 * longest leaves.  Who is used again while the oldest LIR workload has not been used takes its place.  The list of
 * others is one workload, and LIR grows while memory has room. */
#include "policies/lists.h"

enum { AWAY, OTHERS, LIR }; /* a seat's mark: when it was last used */

static void use(const struct gs_self *self, uint32_t workload)
{
    const struct gs_workload *w = &self->view->workload[workload];
    struct listed *mine = list_seat(self, workload);
    uint32_t oldest = list_look(self, workload, LIR, 0).first;
    bool room = self->view->gpu[w->gpu].free_bytes >= w->bytes;
    bool close = room || (oldest != GS_NONE && mine->mark > list_seat(self, oldest)->mark);

    if (mine->list == OTHERS && close && !room && list_lengths(self, workload).of[OTHERS] <= 1)
        list_put_last(self, oldest, OTHERS);
    list_put_last(self, workload, close || mine->list == LIR ? LIR : OTHERS);
    mine->mark = mine->since;
}

static double keep(const struct gs_self *self, uint32_t workload)
{
    return (list_seat(self, workload)->list == LIR) + list_place(self, workload);
}

static void wanted(const struct gs_self *self, uint32_t workload)
{
    if (list_seat(self, workload)->list != AWAY)
        use(self, workload);
}

static void swapped_in(const struct gs_self *self, uint32_t workload)
{
    list_seat(self, workload)->list = OTHERS;
    use(self, workload);
}

static void evicted(const struct gs_self *self, uint32_t workload, bool chosen)
{
    list_put_last(self, workload, AWAY);
    (void)chosen;
}

const struct gs_victim_policy victim_lirs = {
    .abi = GS_POLICY_ABI,
    .name = "lirs",
    .help = "keep those whose last two bursts lie close together",
    .source = "Jiang and Zhang, LIRS, SIGMETRICS 2002",
    .when = "Where workloads are used in a circle that does not fit: most stay, one place is used in turns, as mru "
            "does, but it follows when habits change. A decision costs next to nothing.",
    .state_size = sizeof(int64_t),
    .workload_state_size = sizeof(struct listed),
    .keep = keep,
    .wanted = wanted,
    .swapped_in = swapped_in,
    .evicted = evicted,
    .kept = swapped_in,
    .gone = list_gone,
};
