/* victims_made.h - a view made by hand, to ask victim policies about. */
#ifndef GS_VICTIMS_MADE_H
#define GS_VICTIMS_MADE_H

#include "policies/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

enum { MOST = 12, PARAMS = 8 };
static const gs_ns s_ns = 1000000000;

/* Two GPUs; workloads 0 to 2 and 6 to 8 on the first, the others on the second; resident, idle since a second
 * before now. */
struct world {
    struct gs_workload workload[MOST];
    struct gs_gpu gpu[2];
    struct gs_node node;
    struct gs_view view;
    struct gs_self self;
    struct gs_oracle oracle;
    union gs_value param[PARAMS];
    const struct gs_victim_policy *policy;
    _Alignas(8) unsigned char state[1 << 15], workload_state[1 << 14];
};

static inline gs_ns next_want_ns(const void *self, uint32_t workload)
{
    (void)self;
    return workload % 2 == 0 ? GS_NEVER : (gs_ns)workload * 1000 * s_ns;
}

static inline void make(struct world *w, const char *victim)
{
    memset(w, 0, sizeof *w);
    w->policy = (const void *)gs_policy_find(GS_SLOT_VICTIM, victim);
    assert_non_null(w->policy);
    w->view = (struct gs_view){.now_ns = 100 * s_ns,
                               .workload = w->workload,
                               .gpu = w->gpu,
                               .node = &w->node,
                               .workloads = MOST,
                               .gpus = 2,
                               .nodes = 1,
                               .oracle = &w->oracle};
    w->oracle.next_want_ns = next_want_ns;
    w->self = (struct gs_self){&w->view, w->param, w->state, w->workload_state};
    w->node = (struct gs_node){.gpus = 2, .swap = true};
    for (uint32_t g = 0; g < 2; g++)
        w->gpu[g] = (struct gs_gpu){.swap_in_ns_per_byte = 0.05, .swap_out_ns_per_byte = 0.1, .speed = 1};
    for (uint32_t i = 0; i < MOST; i++)
        w->workload[i] = (struct gs_workload){.gpu = i / 3 % 2,
                                              .group = i / 3 % 2,
                                              .state = GS_RESIDENT,
                                              .swappable = true,
                                              .bytes = 20000000000,
                                              .dirty = 1,
                                              .since_ns = GS_NEVER,
                                              .last_end_ns = 99 * s_ns,
                                              .last_use_ns = 99 * s_ns,
                                              .resident_ns = (gs_ns)(1 + i) * s_ns,
                                              .turns = 1};
    assert_true(w->policy->state_size <= sizeof w->state);
    assert_true(MOST * w->policy->workload_state_size <= sizeof w->workload_state);
}

static inline double keep(struct world *w, uint32_t workload)
{
    double alone;

    if (w->policy->keep_all == NULL)
        return w->policy->keep(&w->self, workload);
    w->policy->keep_all(&w->self, &workload, 1, &alone);
    return alone;
}

/* A burst from `from` to `to` seconds; it came in just before it if `misses`. */
static inline void burst(struct world *w, uint32_t workload, gs_ns from, gs_ns to, bool misses)
{
    struct gs_workload *job = &w->workload[workload];

    w->view.now_ns = job->since_ns = from * s_ns;
    job->wants = true;
    job->state = misses ? GS_HOST : GS_RESIDENT;
    if (w->policy->wanted != NULL)
        w->policy->wanted(&w->self, workload);
    job->state = GS_RESIDENT;
    if (misses) {
        job->resident_ns = w->view.now_ns;
        if (w->policy->swapped_in != NULL)
            w->policy->swapped_in(&w->self, workload);
    }
    job->wants = false;
    job->since_ns = GS_NEVER;
    w->view.now_ns = job->last_end_ns = job->last_use_ns = to * s_ns;
    job->turns++;
}

static inline void evict(struct world *w, uint32_t workload, bool chosen)
{
    w->workload[workload].state = GS_SWAPPING_OUT;
    if (w->policy->evicted != NULL)
        w->policy->evicted(&w->self, workload, chosen);
}

#endif
