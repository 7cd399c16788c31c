/* clock.c - second chances: a hand goes round, takes a mark off whoever has one, and evicts the first without.
 * The circle is kept as a queue: who is passed over goes to its end. */
#include "policies/policy.h"

static const struct gs_param params[] = {
    {"k", GS_INTEGER, "1", 1, 16, NULL, "marks a workload can gather, one a burst"},
    GS_PARAM_END,
};

struct seat {
    uint64_t place; /* in the queue */
    int64_t marks;
};

static double keep(const struct gs_self *self, uint32_t workload)
{
    const struct seat *seat = (const struct seat *)self->workload_state + workload;

    return (double)seat->marks + (double)seat->place / ((double)*(uint64_t *)self->state + 1);
}

static void swapped_in(const struct gs_self *self, uint32_t workload)
{
    struct seat *seat = (struct seat *)self->workload_state + workload;

    seat->place = ++*(uint64_t *)self->state;
    seat->marks = self->view->workload[workload].wants;
}

static void wanted(const struct gs_self *self, uint32_t workload)
{
    struct seat *seat = (struct seat *)self->workload_state + workload;

    if (self->view->workload[workload].state == GS_RESIDENT && seat->marks < self->param[0].i)
        seat->marks++;
}

static uint32_t first(const struct gs_self *self, uint32_t victim)
{
    const struct gs_workload *w = self->view->workload;
    const struct seat *seat = self->workload_state;
    uint32_t best = victim;

    for (uint32_t i = 0; i < self->view->workloads; i++)
        if (w[i].gpu == w[victim].gpu && w[i].state == GS_RESIDENT && !w[i].granted && seat[i].place < seat[best].place)
            best = i;
    return best;
}

static void evicted(const struct gs_self *self, uint32_t workload, bool chosen)
{
    struct seat *seat = self->workload_state;

    if (!chosen)
        return;
    for (uint32_t i; (i = first(self, workload)) != workload || seat[i].marks > 0;) {
        seat[i].marks -= seat[i].marks > 0;
        seat[i].place = ++*(uint64_t *)self->state;
    }
}

const struct gs_victim_policy victim_clock = {
    .abi = GS_POLICY_ABI,
    .name = "clock",
    .help = "go round, take a mark off those used since, evict the first without",
    .source = "Corbato, A Paging Experiment with the Multics System, MIT Project MAC 1968",
    .when =
        "A coarse LRU for systems that see only whether something was used. Here idle times are known and lru costs "
        "no more, so it is of use for comparison. A decision costs a look at each workload passed over.",
    .param = params,
    .state_size = sizeof(uint64_t),
    .workload_state_size = sizeof(struct seat),
    .keep = keep,
    .wanted = wanted,
    .swapped_in = swapped_in,
    .evicted = evicted,
};
