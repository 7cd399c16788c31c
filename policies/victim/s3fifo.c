/* s3fifo.c - S3-FIFO: newcomers pass through a small queue; who is used twice there moves on to the main queue, the others
 * leave, remembered by a ghost queue.  Sizes are numbers of workloads.  Own variant: the length of the small queue is
 * looked at before each step of the sweep. */
#include "policies/policy.h"

enum { NOWHERE, GHOST, SMALL, MAIN };

struct seat {
    uint64_t place;
    uint8_t queue, uses;
};

struct queue {
    double length, ahead; /* of the workload */
    uint32_t first;
};

static struct queue look(const struct gs_self *self, uint32_t workload, uint8_t which)
{
    const struct seat *seat = self->workload_state;
    struct queue q = {.first = GS_NONE};

    for (uint32_t i = 0; i < self->view->workloads; i++) {
        if (seat[i].queue != which || self->view->workload[i].gpu != self->view->workload[workload].gpu)
            continue;
        q.length++;
        q.ahead += seat[i].place < seat[workload].place;
        q.first = q.first == GS_NONE || seat[i].place < seat[q.first].place ? i : q.first;
    }
    return q;
}

/* How many the small queue has too many, less one: a tenth of the residents is its share. */
static double surplus(const struct gs_self *self, uint32_t workload)
{
    double small = look(self, workload, SMALL).length, n = small + look(self, workload, MAIN).length;

    return small - (double)((uint64_t)(n + 9) / 10);
}

/* What the sweep reaches first: those too many in the small queue; the main queue, round by round, where those moved on
 * from the small one stand last in the first round; what is left of the small one. */
static double keep(const struct gs_self *self, uint32_t workload)
{
    const struct seat *seat = (const struct seat *)self->workload_state + workload;
    double place = (double)seat->place / ((double)*(uint64_t *)self->state + 1);

    if (seat->queue != SMALL)
        return 1 + 2 * seat->uses + place;
    if (look(self, workload, SMALL).ahead > surplus(self, workload))
        return 9 + place;
    return (seat->uses > 1 ? 2 : 0) + place;
}

static void put(const struct gs_self *self, uint32_t workload, uint8_t queue, uint8_t uses)
{
    ((struct seat *)self->workload_state)[workload] = (struct seat){++*(uint64_t *)self->state, queue, uses};
}

static void wanted(const struct gs_self *self, uint32_t workload)
{
    struct seat *seat = (struct seat *)self->workload_state + workload;

    seat->uses = (uint8_t)(seat->uses + (seat->uses < 3));
}

static void swapped_in(const struct gs_self *self, uint32_t workload)
{
    put(self, workload, ((const struct seat *)self->workload_state)[workload].queue == GHOST ? MAIN : SMALL, 0);
}

static void gone(const struct gs_self *self, uint32_t workload)
{
    put(self, workload, NOWHERE, 0);
}

static void evicted(const struct gs_self *self, uint32_t workload, bool chosen)
{
    struct seat *seat = self->workload_state, *v = seat + workload;
    double over = surplus(self, workload), most = look(self, workload, MAIN).length + over;

    for (chosen = chosen && v->queue >= SMALL && keep(self, workload) < 9; chosen; over--) {
        uint32_t i = look(self, workload, over >= 0 ? SMALL : MAIN).first;
        if (i == workload && v->uses <= (v->queue == SMALL))
            break;
        put(self, i, MAIN, (uint8_t)(seat[i].queue == SMALL || seat[i].uses == 0 ? 0 : seat[i].uses - 1));
    }
    put(self, workload, v->queue == MAIN ? NOWHERE : GHOST, 0);
    struct queue ghosts = look(self, workload, GHOST);
    if (ghosts.length > most)
        gone(self, ghosts.first);
}

const struct gs_victim_policy victim_s3fifo = {
    .abi = GS_POLICY_ABI,
    .name = "s3fifo",
    .help = "a small queue for newcomers, a main queue for those used twice or back soon",
    .source = "Yang et al., FIFO queues are all you need for cache eviction, SOSP 2023",
    .when =
        "Made for many small objects, most of them used once. With a handful of residents the small queue is a single "
        "workload. A decision looks at all workloads for each candidate.",
    .state_size = sizeof(uint64_t),
    .workload_state_size = sizeof(struct seat),
    .keep = keep,
    .wanted = wanted,
    .swapped_in = swapped_in,
    .evicted = evicted,
    .kept = swapped_in,
    .gone = gone,
};
