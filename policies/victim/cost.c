/* cost.c - evict what is least missed: the chance that a workload is wanted before it would have had to leave anyway,
 * times the swap out and in that this would cost, for each byte that it frees.
 *
 * Somebody waits for either transfer.  Who leaves now pays the way out at once, and the way in if it is wanted within
 * the horizon; who stays pays the way out at the horizon if it is not.  The difference is chance x (out + in). */
#include "policies/policy.h"
#include "sim/base/exact.h"

#include <math.h>
#include <string.h>

enum { HORIZON, ESTIMATE, SET, MIN_RESIDENCE };
enum { EWMA, HISTOGRAM, POOLED };
enum { BINS = 40, GROUPS = 64, GROUP_WEIGHT = 4, MEAN_S = 60 };

static const char *const estimates[] = {"ewma", "histogram", "pooled", NULL}, *const sets[] = {"greedy", "exact", NULL};
static const struct gs_param params[] = {
    {"horizon", GS_TIME, "60s", 1e9, 1e18, NULL, "how long an idle workload would stay on the GPU otherwise"},
    {"estimate", GS_CHOICE, "histogram", 0, 0, estimates,
     "of idle times: moving mean, histogram, mean with its group's"},
    {"set", GS_CHOICE, "greedy", 0, 0, sets, "one after the other, or the best set of all"},
    {"min_residence", GS_TIME, "0s", 0, 3e11, NULL, "who has been on the GPU for less stays"},
    GS_PARAM_END,
};

struct idle { /* times, in seconds: of a workload, or of all in a group; groups 64 apart share one */
    double count, sum, ewma;
    float longer[BINS + 1]; /* how many lasted for more than the bin's begin */
};

/* Two bins an octave, from a quarter of a second on, read off the number's exponent and its first bits. */
static double bin(double s)
{
    double x = 4 * s + 1;
    uint64_t bits;

    memcpy(&bits, &x, sizeof bits);
    return fmin((double)(int64_t)(bits - UINT64_C(0x3ff0000000000000)) * 0x1p-51, BINS - 0.001);
}

static void learn(struct idle *idle, double s)
{
    idle->ewma += (idle->count > 0 ? 0.3 : 1) * (s - idle->ewma);
    idle->count++;
    idle->sum += s;
    for (int b = 0; b <= (int)bin(s); b++)
        idle->longer[b]++;
}

/* Relative chance that idle time lasts longer than `s`: its own times, some of its group, and one as if drawn from a
 * heavy tail. */
static double survives(const struct idle *own, const struct idle *group, double s)
{
    double at = bin(s), rest = at - (int)at;
    const float *a = own->longer + (int)at, *b = group->longer + (int)at;

    return a[0] + rest * (a[1] - a[0]) + GROUP_WEIGHT / (group->count + 1) * (b[0] + rest * (b[1] - b[0])) +
           MEAN_S / (MEAN_S + s);
}

static double chance(const struct gs_self *self, uint32_t workload, double horizon)
{
    const struct gs_workload *w = &self->view->workload[workload];
    const struct idle *own = (const struct idle *)self->workload_state + workload;
    const struct idle *group = (const struct idle *)self->state + w->group % GROUPS;
    double age = (double)(self->view->now_ns - w->last_end_ns) * 1e-9;

    if (self->param[ESTIMATE].i == HISTOGRAM)
        return 1 - survives(own, group, age + horizon) / survives(own, group, age);
    double mean = (group->sum + MEAN_S) / (group->count + 1);
    if (self->param[ESTIMATE].i == POOLED)
        mean = (GROUP_WEIGHT * mean + own->sum + age) / (GROUP_WEIGHT + own->count);
    else
        mean = fmax(own->count > 0 ? own->ewma : mean, age);
    return 1 - exact_exp(-horizon / fmax(mean, 1e-9));
}

/* Those who wait are wanted for sure, the last in the queue last. */
static double keep(const struct gs_self *self, uint32_t workload)
{
    const struct gs_workload *w = &self->view->workload[workload];
    double horizon = (double)self->param[HORIZON].i * 1e-9, waited = (double)(self->view->now_ns - w->queued_ns) * 1e-9;
    double p = w->wants ? 1 + waited / (waited + horizon) : chance(self, workload, horizon);

    p *= gs_swap_in_ns(self->view, workload) + gs_swap_out_ns(self->view, workload);
    return self->param[SET].i != 0 ? p : p / (double)(w->bytes + 1);
}

static bool adds(const struct gs_self *self)
{
    return self->param[SET].i != 0;
}

static gs_ns pinned_until(const struct gs_self *self, uint32_t workload)
{
    return self->view->workload[workload].resident_ns + self->param[MIN_RESIDENCE].i;
}

static void wanted(const struct gs_self *self, uint32_t workload)
{
    const struct gs_workload *w = &self->view->workload[workload];
    double s = fmax(0, (double)(w->since_ns - w->last_end_ns) * 1e-9);

    if (w->turns == 0)
        return; /* it has only just come */
    learn((struct idle *)self->workload_state + workload, s);
    learn((struct idle *)self->state + w->group % GROUPS, s);
}

const struct gs_victim_policy victim_cost = {
    .abi = GS_POLICY_ABI,
    .name = "cost",
    .help = "evict the least chance of return x swap time per byte",
    .source = "ours; idle times by Shahrad et al., USENIX ATC 2020, shrunk to the group's after Efron and Morris, 1973",
    .when = "The first to try where idle times, sizes or copies differ among workloads: it learns the rhythm of each. "
            "Where "
            "all are alike it is lru. 'set = exact' pays where few large ones have to make room. A decision costs some "
            "ten ns a candidate.",
    .param = params,
    .state_size = GROUPS * sizeof(struct idle),
    .workload_state_size = sizeof(struct idle),
    .keep = keep,
    .adds = adds,
    .pinned_until = pinned_until,
    .wanted = wanted,
};
