/* cost.c - evict what is least missed: the chance that a workload is wanted before it would have had to leave anyway,
 * times the swap out and in that this would cost, for each byte that it frees.
 *
 * Somebody waits for either transfer.  Who leaves now pays the way out at once, and the way in if it is wanted within
 * the horizon; who stays pays the way out at the horizon if it is not.  The difference is chance x (out + in). */
#include "policies/bins.h"
#include "policies/policy.h"
#include "sim/base/exact.h"

enum { HORIZON, ESTIMATE, SET, MIN_RESIDENCE, EWMA = 0, HISTOGRAM, POOLED };
enum { BINS = 40, GROUPS = 64, GROUP_WEIGHT = 4, MEAN_S = 60 };

static const char *const estimates[] = {"ewma", "histogram", "pooled", NULL}, *const sets[] = {"greedy", "exact", NULL};
static const struct gs_param params[] = {
    {"horizon", GS_TIME, "60s", 1e9, 1e18, NULL, "how long an idle workload would stay on the GPU otherwise"},
    {"estimate", GS_CHOICE, "histogram", 0, 0, estimates, "of idle times: moving mean, histogram, mean of all"},
    {"set", GS_CHOICE, "greedy", 0, 0, sets, "one after the other, or the best set of all"},
    {"min_residence", GS_TIME, "0s", 0, 3e11, NULL, "who has been on the GPU for less stays"},
    GS_PARAM_END,
};

struct idle { /* times in seconds, of a workload, or of all in a group; groups 64 apart share one */
    double count, sum, ewma;
    int last;               /* the highest bin that any came to, behind which there is nothing */
    float longer[BINS + 1]; /* how many lasted for more than the bin's begin */
    float lasts[BINS + 1];  /* of workloads: the same, with some of its group's */
};

static inline int bin(double s)
{
    int64_t at = bins_at(s) >> BINS_SHIFT;

    return at < BINS - 1 ? (int)at : BINS - 1;
}

/* The bin is not read off `at`: what it holds is needed as soon as where in it that is. */
static inline double lasts(const struct idle *own, double s)
{
    double at = (double)bins_at(s) * 0x1p-51;
    int b = bin(s);

    at = at < BINS - 0.001 ? at : BINS - 0.001;
    return own->lasts[b] + (at - b) * (own->lasts[b + 1] - own->lasts[b]);
}

/* That it is wanted within the horizon.  A heavy tail, MEAN_S / (MEAN_S + s), counts as one more that lasts for s. */
static inline double chance(const struct gs_self *self, const struct idle *own, double idle)
{
    double horizon = (double)self->param[HORIZON].i * 1e-9, late = idle + horizon, mean;

    if (self->param[ESTIMATE].i == HISTOGRAM || own->count <= 0)
        return 1 - (lasts(own, late) * (MEAN_S + late) + MEAN_S) * (MEAN_S + idle) /
                       ((lasts(own, idle) * (MEAN_S + idle) + MEAN_S) * (MEAN_S + late));
    mean = self->param[ESTIMATE].i == POOLED ? (own->sum + idle) / own->count : own->ewma > idle ? own->ewma : idle;
    return 1 - exact_exp(-horizon / mean);
}

/* Those who wait are wanted for sure, the last in the queue last. */
static double keep(const struct gs_self *self, uint32_t workload)
{
    const struct gs_workload *w = &self->view->workload[workload];
    const struct idle *own = (const struct idle *)self->workload_state + workload;
    double since = (double)(self->view->now_ns - (w->wants ? w->queued_ns : w->last_end_ns));
    double worth = w->wants ? 1 + since / (since + (double)self->param[HORIZON].i)
                            : chance(self, own, since > 0 ? since * 1e-9 : 0);

    worth *= gs_swap_in_ns(self->view, workload) + gs_swap_out_ns(self->view, workload);
    return self->param[SET].i != 0 ? worth : worth / (double)(w->bytes + 1);
}

static bool adds(const struct gs_self *self)
{
    return self->param[SET].i != 0;
}

static gs_ns pinned_until(const struct gs_self *self, uint32_t workload)
{
    return self->view->workload[workload].resident_ns + self->param[MIN_RESIDENCE].i;
}

static void learn(struct idle *idle, double s)
{
    idle->ewma += 0.3 * (s - idle->ewma);
    idle->count++;
    idle->sum += s;
    int last = bin(s);
    idle->last = last > idle->last ? last : idle->last;
    for (int b = 0; b <= last; b++)
        idle->longer[b]++;
}

static void wanted(const struct gs_self *self, uint32_t workload)
{
    const struct gs_workload *w = &self->view->workload[workload];
    struct idle *own = (struct idle *)self->workload_state + workload;
    struct idle *group = (struct idle *)self->state + w->group % GROUPS;
    double s = w->since_ns > w->last_end_ns ? (double)(w->since_ns - w->last_end_ns) * 1e-9 : 0;
    double mean = (group->sum + MEAN_S) / (group->count + 1);

    if (own->count <= 0) /* it begins as one of its group */
        *own = (struct idle){.count = GROUP_WEIGHT, .sum = GROUP_WEIGHT * mean, .ewma = mean};
    if (w->turns > 0) { /* else it has only just come */
        learn(own, s);
        learn(group, s);
    }
    float weight = (float)(GROUP_WEIGHT / (group->count + 1));
    for (int b = 0; b <= group->last; b++)
        own->lasts[b] = own->longer[b] + weight * group->longer[b];
}

const struct gs_victim_policy victim_cost = {
    .abi = GS_POLICY_ABI,
    .name = "cost",
    .help = "evict the least chance of return x swap time per byte",
    .source = "ours; histograms of idle times: Shahrad et al., Serverless in the Wild, USENIX ATC 2020",
    .when =
        "The first to try where idle times, sizes or copies differ: it learns the rhythm of each workload. Where all "
        "are alike it is lru. 'set = exact' pays where few large ones make room. A decision costs 16 ns a candidate.",
    .param = params,
    .state_size = GROUPS * sizeof(struct idle),
    .workload_state_size = sizeof(struct idle),
    .keep = keep,
    .adds = adds,
    .pinned_until = pinned_until,
    .wanted = wanted,
};
