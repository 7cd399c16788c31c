/* results_distribution.c - the distribution functions of a run, pooled over its replications, so that every run can be
 * drawn, also one that keeps no row a burst. */
#include "sim/results/results_parts.h"

enum { DISTRIBUTION_POINTS = 400 };

static const struct {
    const char *metric;
    double unit; /* value of the sketch that is 1 in the table */
    size_t offset;
} distribution[DISTRIBUTIONS] = {
    {"response_s", 1e9, offsetof(struct group_tally, response)},
    {"slowdown", SLOWDOWN_ONE, offsetof(struct group_tally, slowdown)},
    {"ttft_s", 1e9, offsetof(struct group_tally, ttft)},
};

static int no_memory(const struct results *r, struct error *err)
{
    return error_set(err, GS_SYSTEM, "no memory for the distributions of '%s'", r->store->path);
}

int pool_add(struct results *r, const struct tally *t, struct error *err)
{
    if (!r->pool) {
        size_t n = (size_t)t->groups * DISTRIBUTIONS;
        r->pool = heap_resize(NULL, n * sizeof *r->pool);
        if (!r->pool)
            return no_memory(r, err);
        for (size_t i = 0; i < n; i++)
            sketch_init(&r->pool[i]);
        r->groups = t->groups;
    }
    for (uint32_t g = 0; g < r->groups; g++)
        for (size_t d = 0; d < DISTRIBUTIONS; d++) {
            const char *sketch = (const char *)&t->group[g] + distribution[d].offset;
            if (!sketch_merge(&r->pool[g * DISTRIBUTIONS + d], (const struct sketch *)(const void *)sketch))
                return no_memory(r, err);
        }
    return GS_OK;
}

struct points {
    struct results *results;
    struct error *err;
    uint32_t group;
    size_t distribution;
    int rc;
};

static void point(void *context, double value, double share)
{
    struct points *p = context;
    if (p->rc != GS_OK)
        return;
    struct row row = row_begin(p->results, INSERT_DISTRIBUTION);
    put_integer(&row, p->results->run);
    put_integer(&row, p->group);
    put_text(&row, distribution[p->distribution].metric);
    put_real(&row, share);
    put_real(&row, value / distribution[p->distribution].unit);
    p->rc = row_end(p->results, &row, p->err);
}

int pool_rows(struct results *r, struct error *err)
{
    struct points p = {.results = r, .err = err, .rc = GS_OK};
    for (p.group = 0; r->pool && p.group < r->groups; p.group++)
        for (p.distribution = 0; p.distribution < DISTRIBUTIONS && p.rc == GS_OK; p.distribution++)
            sketch_cdf(&r->pool[p.group * DISTRIBUTIONS + p.distribution], DISTRIBUTION_POINTS, point, &p);
    return p.rc;
}

void pool_fini(struct results *r)
{
    for (size_t i = 0; r->pool && i < (size_t)r->groups * DISTRIBUTIONS; i++)
        sketch_fini(&r->pool[i]);
    heap_free(r->pool);
}
