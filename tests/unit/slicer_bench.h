/* slicer_bench.h - a slicer on a view made by hand, and the few moves of the controller that it sees. */
#ifndef GS_TEST_SLICER_BENCH_H
#define GS_TEST_SLICER_BENCH_H

#include "policies/table.h"
#include "sim/base/units.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

enum { BENCH_WORKLOADS = 4, BENCH_PARAMS = 8 };

#define SECOND ((gs_ns)1000000000)
#define GB ((int64_t)1000000000)

/* One GPU of 80 GB and links of 25 GB/s; workloads of 20 GB and priority 1, idle and resident. */
struct bench {
    struct gs_workload w[BENCH_WORKLOADS];
    struct gs_gpu gpu;
    struct gs_node node;
    struct gs_view view;
    union gs_value param[BENCH_PARAMS];
    _Alignas(64) unsigned char state[64], own[BENCH_WORKLOADS * 64];
    struct gs_self self;
    const struct gs_slicer_policy *policy;
};

static inline void bench_value(union gs_value *value, const struct gs_param *param, const char *text)
{
    char why[UNITS_WHY] = "";
    bool yes = false;
    int rc = 0;

    if (param->kind == GS_TIME)
        rc = units_time(text, &value->i, why);
    else if (param->kind == GS_NUMBER)
        rc = units_number(text, &value->d, why);
    else if (param->kind == GS_INTEGER)
        rc = units_integer(text, &value->i, why);
    else if (param->kind == GS_BOOLEAN)
        rc = units_boolean(text, &yes, why);
    else
        for (value->i = 0; strcmp(param->choice[value->i], text) != 0;)
            assert_non_null(param->choice[++value->i]);
    if (param->kind == GS_BOOLEAN)
        value->i = yes;
    if (rc != 0)
        fail_msg("%s: %s", param->key, why);
}

/* `set`: "key=value key=value ..." over the defaults; may be NULL. */
static inline void bench_open(struct bench *b, const char *name, const char *set)
{
    const struct gs_slicer_policy *policy = (const void *)gs_policy_find(GS_SLOT_SLICER, name);

    assert_non_null(policy);
    memset(b, 0, sizeof *b);
    assert_true(policy->state_size <= sizeof b->state);
    assert_true(policy->workload_state_size <= sizeof b->own / BENCH_WORKLOADS);
    b->policy = policy;
    b->gpu = (struct gs_gpu){.attached = BENCH_WORKLOADS, .capacity_bytes = 80 * GB, .attached_bytes = 80 * GB};
    b->gpu.swap_in_ns_per_byte = b->gpu.swap_out_ns_per_byte = 0.04;
    for (uint32_t i = 0; i < BENCH_WORKLOADS; i++)
        b->w[i] = (struct gs_workload){
            .priority = 1, .state = GS_RESIDENT, .swappable = true, .bytes = 20 * GB, .since_ns = GS_NEVER};
    b->view = (struct gs_view){.seed = 1, .workload = b->w, .gpu = &b->gpu, .node = &b->node};
    b->view.workloads = BENCH_WORKLOADS;
    b->view.gpus = b->view.nodes = 1;
    b->self = (struct gs_self){&b->view, b->param, b->state, b->own};
    for (size_t i = 0; policy->param != NULL && policy->param[i].key != NULL; i++) {
        const char *at = set;
        char text[32];
        size_t key = strlen(policy->param[i].key);
        assert_true(i < BENCH_PARAMS);
        while (at != NULL && (strncmp(at, policy->param[i].key, key) != 0 || at[key] != '='))
            at = (at = strchr(at, ' ')) == NULL ? NULL : at + 1;
        const char *from = at == NULL ? policy->param[i].fallback : at + key + 1;
        size_t length = strcspn(from, " ");
        assert_true(length < sizeof text);
        memcpy(text, from, length);
        text[length] = '\0';
        bench_value(&b->param[i], &policy->param[i], text);
    }
}

static inline void bench_want(struct bench *b, uint32_t i)
{
    b->w[i].wants = true;
    b->w[i].since_ns = b->w[i].queued_ns = b->view.now_ns;
    b->w[i].burst_ns = 0;
    if (b->policy->wanted != NULL)
        b->policy->wanted(&b->self, i);
}

/* Who goes next of those who wait: least rank, then who has queued for longest, then the lowest id. */
static inline uint32_t bench_next(struct bench *b)
{
    uint32_t best = GS_NONE;
    double least = 0.0;

    b->view.decision++;
    for (uint32_t i = 0; i < BENCH_WORKLOADS; i++) {
        if (!b->w[i].wants || b->w[i].holding)
            continue;
        double rank = b->policy->rank == NULL ? 0.0 : b->policy->rank(&b->self, i);
        if (best == GS_NONE || rank < least || (rank <= least && b->w[i].queued_ns < b->w[best].queued_ns)) {
            best = i;
            least = rank;
        }
    }
    return best;
}

/* Give it a turn, and the GPU at once; returns its quantum. */
static inline gs_ns bench_grant(struct bench *b, uint32_t i)
{
    gs_ns quantum = b->policy->quantum == NULL ? GS_NEVER : b->policy->quantum(&b->self, i);

    b->w[i].holding = b->w[i].granted = true;
    b->w[i].granted_ns = b->view.now_ns;
    return quantum;
}

/* It loses the GPU, since its burst has `ended` or its turn is over. */
static inline void bench_stop(struct bench *b, uint32_t i, bool ended)
{
    gs_ns ran_ns = b->view.now_ns - b->w[i].granted_ns;

    b->w[i].granted = false;
    b->w[i].burst_ns += ran_ns;
    b->w[i].used_ns += ran_ns;
    if (b->policy->ran != NULL)
        b->policy->ran(&b->self, i, ran_ns);
    b->w[i].holding = false;
    b->w[i].queued_ns = b->view.now_ns;
    b->w[i].wants = !ended;
    b->w[i].turns += ended;
    b->w[i].since_ns = ended ? GS_NEVER : b->w[i].since_ns;
}

/* The next of those who wait has the GPU for `ran_ns` (0: for its quantum) and goes on waiting; returns who it was. */
static inline uint32_t bench_turn(struct bench *b, gs_ns ran_ns)
{
    uint32_t i = bench_next(b);
    gs_ns quantum = bench_grant(b, i);

    b->view.now_ns += ran_ns > 0 ? ran_ns : quantum;
    bench_stop(b, i, false);
    return i;
}

/* A swap of it took so long, and is over now. */
static inline void bench_swap(struct bench *b, uint32_t i, gs_ns took_ns)
{
    b->w[i].swap_ns = b->view.now_ns;
    b->view.now_ns += took_ns;
    b->policy->swapped(&b->self, i);
}

#endif
