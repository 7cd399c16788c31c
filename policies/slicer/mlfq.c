/* mlfq.c - feedback queues: a newcomer is at the top, and sinks a level when it has used up what the level allows, in
 * one turn or in several; turns are twice as long a level down.  Every so often all are lifted to the top. */
#include "policies/policy.h"
#include <math.h>

enum { QUANTUM, LEVELS, BOOST };

static const struct gs_param params[] = {
    {"quantum", GS_TIME, "2s", 1, 3.6e12, NULL, "what the top level allows; each further level twice as much"},
    {"levels", GS_INTEGER, "3", 1, 16, NULL, "number of levels"},
    {"boost", GS_TIME, "60s", 1, 3e17, NULL, "all go back to the top this often"},
    GS_PARAM_END,
};

struct feedback {
    int64_t epoch; /* number of the boost that `level` and `used_ns` came after */
    int level;
    gs_ns used_ns; /* on this level */
};

/* Its place as of now. */
static struct feedback *place(const struct gs_self *self, uint32_t workload)
{
    struct feedback *f = (struct feedback *)self->workload_state + workload;
    int64_t epoch = self->view->now_ns / self->param[BOOST].i;

    if (f->epoch != epoch)
        *f = (struct feedback){.epoch = epoch};
    return f;
}

static gs_ns allowed_ns(const struct gs_self *self, int level)
{
    return (gs_ns)ldexp((double)self->param[QUANTUM].i, level);
}

static double rank(const struct gs_self *self, uint32_t workload)
{
    return place(self, workload)->level;
}

static bool preempts(const struct gs_self *self, uint32_t holder, uint32_t newcomer)
{
    return place(self, newcomer)->level < place(self, holder)->level;
}

static gs_ns quantum(const struct gs_self *self, uint32_t workload)
{
    const struct feedback *f = place(self, workload);

    return allowed_ns(self, f->level) - f->used_ns;
}

static void ran(const struct gs_self *self, uint32_t workload, gs_ns ran_ns)
{
    struct feedback *f = place(self, workload);

    if ((f->used_ns += ran_ns) < allowed_ns(self, f->level))
        return;
    f->used_ns = 0;
    f->level += f->level + 1 < self->param[LEVELS].i;
}

/* After the boost it is at the top, where the order is a circle. */
static struct gs_bound overtakes(const struct gs_self *self, uint32_t waiting, uint32_t other)
{
    (void)waiting;
    (void)other;
    return (struct gs_bound){.waited_ns = self->param[BOOST].i, .turns = 1};
}

const struct gs_slicer_policy slicer_mlfq = {
    .abi = GS_POLICY_ABI,
    .name = "mlfq",
    .help = "one at a time from the top of several levels; bursts sink, and are lifted every so often",
    .source = "Corbato et al., AFIPS SJCC 1962; the rules: Arpaci-Dusseau, Operating Systems, ch. 8",
    .when = "Where bursts of all lengths meet and nobody may starve: short ones pass, long ones get ever longer "
            "turns. Not where a swap takes as long as the first quantum. A choice looks at everybody who waits.",
    .param = params,
    .workload_state_size = sizeof(struct feedback),
    .starves = "nobody: once it has waited for a boost, each other has at most one turn before it",
    .overtakes = overtakes,
    .rank = rank,
    .preempts = preempts,
    .quantum = quantum,
    .ran = ran,
};
