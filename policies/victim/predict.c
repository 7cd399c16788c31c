/* predict.c - evict the workload that is expected back last, by the idle times it has had. */
#include "policies/bins.h"
#include "policies/policy.h"
#include <math.h>

enum { EWMA, HISTOGRAM, POOLED, BINS = 40, GROUPS = 64 };
static const char *const estimates[] = {"ewma", "histogram", "pooled", NULL};
static const struct gs_param params[] = {
    {"estimate", GS_CHOICE, "histogram", 0, 0, estimates,
     "moving mean; median of those it had that were longer; mean, shared with its group at first"},
    GS_PARAM_END,
};

struct idle { /* times, in seconds: of a workload, or of all in a group; groups 64 apart share one */
    double count, sum, mean, ewma;
    uint32_t longer[BINS]; /* how many lasted for more than the bin's begin */
};

static inline int bin(double s)
{
    int64_t at = bins_of(s);

    return at < BINS - 2 ? (int)at : BINS - 2;
}

static void learn(struct idle *idle, double s)
{
    idle->ewma += (idle->count++ > 0 ? 0.3 : 1) * (s - idle->ewma);
    idle->mean = (idle->sum += s) / idle->count;
    for (int b = 0; b <= bin(s); b++)
        idle->longer[b]++;
}

static double keep(const struct gs_self *self, uint32_t workload)
{
    const struct gs_workload *w = &self->view->workload[workload];
    const struct idle *idle = (const struct idle *)self->workload_state + workload;
    const struct idle *group = (const struct idle *)self->state + w->group % GROUPS;
    double age = (double)(self->view->now_ns - w->last_end_ns) * 1e-9, prior;
    int now = bin(age), b = now + 1;

    if (w->wants)
        return -1e-9 * (double)(w->queued_ns - self->view->now_ns);
    const uint32_t *longer = idle->longer[now] > 0 ? idle->longer : group->longer; /* 0: never so long yet */
    while (b < BINS - 1 && 2 * longer[b] > longer[now])
        b++;
    if (self->param[0].i == HISTOGRAM && longer[now] > 0)
        return age - bins_begin(b);
    prior = group->count > 0 ? group->mean : 60;
    if (self->param[0].i == EWMA)
        return -fabs((idle->count > 0 ? idle->ewma : prior) - age);
    if (self->param[0].i == POOLED)
        return -(2 * prior + idle->sum + age) / (2 + idle->count);
    return -(prior > age ? prior : age);
}

static void wanted(const struct gs_self *self, uint32_t workload)
{
    const struct gs_workload *w = &self->view->workload[workload];
    double s = fmax(0, (double)(w->since_ns - w->last_end_ns) * 1e-9);

    if (w->turns > 0) { /* else it has only just come */
        learn((struct idle *)self->workload_state + workload, s);
        learn((struct idle *)self->state + w->group % GROUPS, s);
    }
}

const struct gs_victim_policy victim_predict = {
    .abi = GS_POLICY_ABI,
    .name = "predict",
    .help = "evict the one expected back last",
    .source = "histogram: after Shahrad et al., Serverless in the Wild, USENIX ATC 2020, with bins of half octaves",
    .when = "Where workloads have rhythms of their own: requests on a schedule, training with pauses. Looks at time "
            "only; cost weighs in what a swap takes. A decision costs next to nothing, 'histogram' some steps more.",
    .param = params,
    .state_size = GROUPS * sizeof(struct idle),
    .workload_state_size = sizeof(struct idle),
    .keep = keep,
    .wanted = wanted,
};
