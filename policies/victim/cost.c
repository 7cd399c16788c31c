/* cost.c - evict what is least missed: the chance that a workload is wanted before it would have had to leave anyway,
 * times the swap out and in that this would cost, for each byte that it frees.
 *
 * Somebody waits for either transfer.  Who leaves now pays the way out at once, and the way in if it is wanted within
 * the horizon; who stays pays the way out at the horizon if it is not.  The difference is chance x (out + in). */
#include "policies/bins.h"
#include "policies/policy.h"
#include "sim/base/exact.h"

enum { HORIZON, ESTIMATE, SET, MIN_RESIDENCE, EWMA = 0, HISTOGRAM, POOLED };
enum { BINS = 40, GROUPS = 64, GROUP_WEIGHT = 4, MEAN_S = 60, TAIL = 4 * MEAN_S };
enum { LONGEST_X = (1 << 20) - 1 }; /* in the last bin */

static const char *const estimates[] = {"ewma", "histogram", "pooled", NULL}, *const sets[] = {"greedy", "exact", NULL};
static const struct gs_param params[] = {
    {"horizon", GS_TIME, "60s", 1e9, 1e18, NULL, "how long an idle workload would stay on the GPU otherwise"},
    {"estimate", GS_CHOICE, "histogram", 0, 0, estimates, "of idle times: moving mean, histogram, mean of all"},
    {"set", GS_CHOICE, "greedy", 0, 0, sets, "one after the other, or the best set of all"},
    {"min_residence", GS_TIME, "0s", 0, 3e11, NULL, "who has been on the GPU for less stays"},
    GS_PARAM_END,
};

struct seen { /* idle times in seconds, of a workload, or of all in a group; groups 64 apart share one */
    double count, sum, ewma;
    int last;               /* the highest bin that any came to, behind which there is nothing */
    float longer[BINS + 1]; /* how many lasted for more than the bin's begin */
};

struct idle { /* of a workload */
    struct seen seen;
    double base[BINS], slope[BINS]; /* how many last, some of its group's among them: in each bin a line in x */
};

/* Where bins begin on their scale, x = 4 s + 1, and one over their width: two an octave. */
#define OCTAVES(of)                                                                                                    \
    of(0), of(1), of(2), of(3), of(4), of(5), of(6), of(7), of(8), of(9), of(10), of(11), of(12), of(13), of(14),      \
        of(15), of(16), of(17), of(18), of(19)
#define BEGINS(k) 0x1p##k, 1.5 * 0x1p##k
#define INVERSES(k) 2 / 0x1p##k, 2 / 0x1p##k
static const double begin[BINS] = {OCTAVES(BEGINS)}, inverse[BINS] = {OCTAVES(INVERSES)};

static inline double lasts(const struct idle *idle, double x)
{
    double at = x < LONGEST_X ? x : LONGEST_X;
    int64_t b = bins_of_x(at);

    return idle->base[b] + idle->slope[b] * at;
}

/* A chance as a fraction, as one division by all of it and the bytes is enough. */
struct chance {
    double part, whole;
};

/* A heavy tail, MEAN_S / (MEAN_S + s), counts as one more that lasts for s. */
static inline struct chance chance_of_histogram(const struct idle *idle, double now, double late)
{
    double stays = (lasts(idle, late) * (TAIL - 1 + late) + TAIL) * (TAIL - 1 + now);
    double stayed = (lasts(idle, now) * (TAIL - 1 + now) + TAIL) * (TAIL - 1 + late);

    return (struct chance){stayed - stays, stayed};
}

static struct chance chance_of_mean(const struct gs_self *self, const struct seen *own, double s)
{
    bool pooled = self->param[ESTIMATE].i == POOLED;
    double mean = pooled ? (own->sum + s) / own->count : own->ewma > s ? own->ewma : s;

    return (struct chance){1 - exact_exp(-1e-9 * (double)self->param[HORIZON].i / mean), 1};
}

static void keep_all(const struct gs_self *self, const uint32_t *workload, uint32_t count, double *keep)
{
    const struct gs_workload *all = self->view->workload;
    const struct gs_gpu *gpu = &self->view->gpu[all[workload[0]].gpu];
    const struct idle *state = self->workload_state;
    bool histogram = self->param[ESTIMATE].i == HISTOGRAM, adds = self->param[SET].i != 0;
    double horizon = (double)self->param[HORIZON].i, overhead = 2 * (double)gpu->swap_overhead_ns;
    double late = horizon * 4e-9 + 1, in = gpu->swap_in_ns_per_byte, out = gpu->swap_out_ns_per_byte;
    gs_ns now = self->view->now_ns;

    for (uint32_t i = 0; i < count; i++) {
        const struct gs_workload *w = &all[workload[i]];
        const struct idle *idle = &state[workload[i]];
        double idle_ns = (double)(now > w->last_end_ns ? now - w->last_end_ns : 0);
        struct chance chance;
        if (w->wants) { /* for sure, the last in the queue last */
            double since = (double)(now - w->queued_ns);
            chance = (struct chance){2 * since + horizon, since + horizon};
        } else if (histogram || idle->seen.count <= 0) {
            chance = chance_of_histogram(idle, idle_ns * 4e-9 + 1, idle_ns * 4e-9 + late);
        } else {
            chance = chance_of_mean(self, &idle->seen, idle_ns * 1e-9);
        }
        double swap = overhead + gs_swap_in_bytes(w) * in + gs_swap_out_bytes(w) * out;
        keep[i] = chance.part * swap / (adds ? chance.whole : chance.whole * ((double)w->bytes + 1));
    }
}

static bool adds(const struct gs_self *self)
{
    return self->param[SET].i != 0;
}

static bool pins(const struct gs_self *self)
{
    return self->param[MIN_RESIDENCE].i > 0;
}

static gs_ns pinned_until(const struct gs_self *self, uint32_t workload)
{
    return self->view->workload[workload].resident_ns + self->param[MIN_RESIDENCE].i;
}

static void learn(struct seen *seen, double s, int bin)
{
    seen->ewma += 0.3 * (s - seen->ewma);
    seen->count++;
    seen->sum += s;
    seen->last = bin > seen->last ? bin : seen->last;
    for (int b = 0; b <= bin; b++)
        seen->longer[b]++;
}

static void wanted(const struct gs_self *self, uint32_t workload)
{
    const struct gs_workload *w = &self->view->workload[workload];
    struct idle *idle = (struct idle *)self->workload_state + workload;
    struct seen *own = &idle->seen, *group = (struct seen *)self->state + w->group % GROUPS;
    double s = w->since_ns > w->last_end_ns ? (double)(w->since_ns - w->last_end_ns) * 1e-9 : 0;

    if (own->count <= 0) { /* it begins as one of its group */
        double mean = (group->sum + MEAN_S) / (group->count + 1);
        *own = (struct seen){.count = GROUP_WEIGHT, .sum = GROUP_WEIGHT * mean, .ewma = mean};
    }
    if (w->turns > 0) { /* else it has only just come */
        int bin = bins_of(s) < BINS ? (int)bins_of(s) : BINS - 1;
        learn(own, s, bin);
        learn(group, s, bin);
    }
    double weight = GROUP_WEIGHT / (group->count + 1);
    for (int b = 0; b <= group->last; b++) {
        double here = (double)own->longer[b] + weight * (double)group->longer[b];
        double next = (double)own->longer[b + 1] + weight * (double)group->longer[b + 1];
        double slope = (next - here) * inverse[b];
        idle->base[b] = here - slope * begin[b];
        idle->slope[b] = slope;
    }
}

const struct gs_victim_policy victim_cost = {
    .abi = GS_POLICY_ABI,
    .name = "cost",
    .help = "evict the least chance of return x swap time per byte",
    .source = "ours; histograms of idle times: Shahrad et al., Serverless in the Wild, USENIX ATC 2020",
    .when =
        "The first to try where idle times, sizes or copies differ: it learns the rhythm of each workload. Where all "
        "are alike it is lru. 'set = exact' pays where few large ones make room. A decision costs 9 ns a candidate.",
    .param = params,
    .state_size = GROUPS * sizeof(struct seen),
    .workload_state_size = sizeof(struct idle),
    .keep_all = keep_all,
    .adds = adds,
    .pins = pins,
    .pinned_until = pinned_until,
    .wanted = wanted,
};
