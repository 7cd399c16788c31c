/* s3fifo.c - S3-FIFO: newcomers pass through a small queue; who is used twice there moves on to the main queue, the others
 * leave, remembered by a ghost queue.  Sizes are numbers of workloads.  Own variant: the length of the small queue is
 * looked at before each step of the sweep. */
#include "policies/lists.h"

enum { NOWHERE, GHOST, SMALL, MAIN }; /* a seat's mark: uses */

static double tenth_of_residents(struct lengths length)
{
    return (double)(((uint64_t)(length.of[SMALL] + length.of[MAIN]) + 9) / 10);
}

/* What the sweep reaches first: those too many in the small queue; the main queue, round by round, where those moved on
 * from the small one stand last in the first round; what is left of the small one. */
static void keep_all(const struct gs_self *self, const uint32_t *workload, uint32_t count, double *keep)
{
    uint32_t any = workload[0];
    int64_t newest = list_newest(self, any, SMALL, tenth_of_residents(list_lengths(self, any)) - 1);

    for (uint32_t i = 0; i < count; i++) {
        const struct listed *seat = list_seat(self, workload[i]);
        int64_t round = seat->list != SMALL ? 1 + 2 * seat->mark : seat->since >= newest ? 9 : seat->mark > 1 ? 2 : 0;
        keep[i] = (double)round + list_place(self, workload[i]);
    }
}

static void put(const struct gs_self *self, uint32_t workload, uint8_t queue, int64_t uses)
{
    list_put_last(self, workload, queue);
    list_seat(self, workload)->mark = uses;
}

static void wanted(const struct gs_self *self, uint32_t workload)
{
    list_seat(self, workload)->mark += list_seat(self, workload)->mark < 3;
}

static void swapped_in(const struct gs_self *self, uint32_t workload)
{
    put(self, workload, list_seat(self, workload)->list == GHOST ? MAIN : SMALL, 0);
}

static void evicted(const struct gs_self *self, uint32_t workload, bool chosen)
{
    const struct listed *seat = self->workload_state, *v = seat + workload;
    struct lengths length = list_lengths(self, workload);
    double over = length.of[SMALL] - tenth_of_residents(length), most = length.of[MAIN] + over;
    double reached = 9;

    if (chosen && v->list >= SMALL)
        keep_all(self, &workload, 1, &reached);
    for (; reached < 9; over--) {
        uint32_t i = list_look(self, workload, over >= 0 ? SMALL : MAIN, 0).first;
        if (i == workload && v->mark <= (v->list == SMALL))
            break;
        put(self, i, MAIN, seat[i].list == SMALL || seat[i].mark == 0 ? 0 : seat[i].mark - 1);
    }
    put(self, workload, v->list == MAIN ? NOWHERE : GHOST, 0);
    struct list ghosts = list_look(self, workload, GHOST, 0);
    if (ghosts.length > most)
        list_gone(self, ghosts.first);
}

const struct gs_victim_policy victim_s3fifo = {
    .abi = GS_POLICY_ABI,
    .name = "s3fifo",
    .help = "a small queue for newcomers, a main queue for those used twice or back soon",
    .source = "Yang et al., FIFO queues are all you need for cache eviction, SOSP 2023",
    .when =
        "Made for many small objects, most of them used once. With a handful of residents the small queue is a single "
        "workload. A decision looks at all workloads.",
    .state_size = sizeof(int64_t),
    .workload_state_size = sizeof(struct listed),
    .keep_all = keep_all,
    .wanted = wanted,
    .swapped_in = swapped_in,
    .evicted = evicted,
    .kept = swapped_in,
    .gone = list_gone,
};
