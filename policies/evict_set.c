/* evict_set.c - of all sets of victims that make room enough, the one of least total worth: every set is looked at, but for
 * those that cannot become the best any more. */
#include "state.h"

struct search {
    const struct controller *ctl;
    uint32_t count;
    int64_t need;
    int64_t behind[GS_EXACT_MAX + 1]; /* bytes of the candidates from here on */
    double best_worth;
    uint32_t best; /* a bit a candidate */
};

static double worth(const struct search *s, uint32_t i)
{
    double keep = s->ctl->pick[i].keep;

    return keep > 0.0 ? keep : 0.0;
}

/* Decide on candidate `i` and those behind it; `set` frees `freed` bytes and is worth `sum`. */
static void decide(struct search *s, uint32_t i, uint32_t set, int64_t freed, double sum)
{
    if (sum >= s->best_worth && s->best != 0)
        return;
    if (freed >= s->need) {
        s->best = set;
        s->best_worth = sum;
        return;
    }
    if (i == s->count || freed + s->behind[i] < s->need)
        return;
    decide(s, i + 1, set | (uint32_t)1 << i, freed + s->ctl->workload[s->ctl->pick[i].workload].gpu_bytes,
           sum + worth(s, i));
    decide(s, i + 1, set, freed, sum);
}

uint32_t evict_least_set(const struct controller *ctl, uint32_t count, int64_t need)
{
    struct search s = {.ctl = ctl, .count = count, .need = need};

    for (uint32_t i = count; i-- > 0;)
        s.behind[i] = s.behind[i + 1] + ctl->workload[ctl->pick[i].workload].gpu_bytes;
    decide(&s, 0, 0, 0, 0.0);
    return s.best;
}
