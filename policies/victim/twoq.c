/* twoq.c - 2Q: newcomers wait in a queue; who is wanted again soon after leaving it earns a place in an LRU list.
 * Shares are of the number of workloads on the GPU.  Own variant: a newcomer is looked up after its victims have left. */
#include "policies/lists.h"

enum { IN_SHARE, OUT_SHARE };
enum { NOWHERE, IN, OUT, MAIN }; /* OUT: left from IN, remembered */

static const struct gs_param params[] = {
    {"in", GS_NUMBER, "0.25", 0, 1, NULL, "share of the residents that newcomers may be, at least one"},
    {"out", GS_NUMBER, "0.5", 0, 8, NULL, "how many of those that left are remembered, as a share of the residents"},
    GS_PARAM_END,
};

static double share(const struct gs_self *self, uint32_t workload, int which)
{
    struct lengths length = list_lengths(self, workload);
    uint32_t n = (uint32_t)(self->param[which].d * (length.of[IN] + length.of[MAIN]));

    return n > 0 ? n : 1;
}

static void keep_all(const struct gs_self *self, const uint32_t *workload, uint32_t count, double *keep)
{
    uint32_t any = workload[0];
    int64_t newest = list_newest(self, any, IN, share(self, any, IN_SHARE));
    double now = (double)self->view->now_ns + 1;

    for (uint32_t i = 0; i < count; i++) {
        const struct gs_workload *w = &self->view->workload[workload[i]];
        bool main = list_seat(self, workload[i])->list == MAIN;
        double rank = main ? 1 : w->resident_ns < newest ? 0 : 2;
        keep[i] = rank + (double)(main ? w->last_use_ns : w->resident_ns) / now;
    }
}

static void put(const struct gs_self *self, uint32_t workload, uint8_t list)
{
    list_put(self, workload, list, self->view->workload[workload].resident_ns);
}

static void swapped_in(const struct gs_self *self, uint32_t workload)
{
    put(self, workload, list_seat(self, workload)->list == OUT ? MAIN : IN);
}

static void evicted(const struct gs_self *self, uint32_t workload, bool chosen)
{
    double most = share(self, workload, OUT_SHARE);

    (void)chosen;
    put(self, workload, list_seat(self, workload)->list == IN ? OUT : NOWHERE);
    for (struct list out; (out = list_look(self, workload, OUT, 0)).length > most;)
        put(self, out.first, NOWHERE);
}

const struct gs_victim_policy victim_twoq = {
    .abi = GS_POLICY_ABI,
    .name = "twoq",
    .help = "2Q: newcomers in a queue, those wanted again in an LRU list",
    .source = "Johnson and Shasha, 2Q, VLDB 1994",
    .when =
        "Where many come once and few come often, as lruk, with less to remember. Needs more workloads than fit by a "
        "good margin: of a handful of residents the queue is one or two. A decision looks at all workloads.",
    .param = params,
    .workload_state_size = sizeof(struct listed),
    .keep_all = keep_all,
    .swapped_in = swapped_in,
    .evicted = evicted,
    .kept = swapped_in,
    .gone = list_gone,
};
