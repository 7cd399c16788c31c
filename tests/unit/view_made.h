/* view_made.h - a view made by hand, to ask a policy about. */
#ifndef GS_VIEW_MADE_H
#define GS_VIEW_MADE_H

#include "policies/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

enum { WORKLOADS = 6, GPUS = 3, NODES = 2 };

static const int64_t GB = 1000000000;
static const gs_ns SECOND = 1000000000;

/* Node 0 has GPUs 0 and 1 of 80 GB each and a swap file of 100 GB, node 1 has GPU 2; links of 25 GB/s. */
struct made {
    struct gs_workload workload[WORKLOADS];
    struct gs_gpu gpu[GPUS];
    struct gs_node node[NODES];
    struct gs_view view;
    struct gs_self self;
    union gs_value param[4];
    uint64_t state[WORKLOADS * 64];
};

static inline void make(struct made *m)
{
    memset(m, 0, sizeof *m);
    for (uint32_t i = 0; i < WORKLOADS; i++)
        m->workload[i] = (struct gs_workload){.gpu = GS_NONE, .node = GS_NONE, .priority = 1, .swappable = true};
    for (uint32_t i = 0; i < GPUS; i++)
        m->gpu[i] = (struct gs_gpu){.node = i / 2,
                                    .capacity_bytes = 80 * GB,
                                    .free_bytes = 80 * GB,
                                    .swap_in_ns_per_byte = 0.04,
                                    .swap_out_ns_per_byte = 0.04,
                                    .speed = 1.0};
    m->node[0] = (struct gs_node){.gpus = 2, .swap = true, .swap_cap_bytes = 100 * GB};
    m->node[1] = (struct gs_node){.first_gpu = 2, .gpus = 1, .swap = true, .swap_cap_bytes = 100 * GB};
    m->view = (struct gs_view){
        .workload = m->workload, .gpu = m->gpu, .node = m->node, .workloads = WORKLOADS, .gpus = GPUS, .nodes = NODES};
    m->self = (struct gs_self){.view = &m->view, .param = m->param, .workload_state = m->state, .state = m->state};
}

/* Attach workload `i` to `gpu`; what is in GS_HOST holds its bytes of the file. */
static inline struct gs_workload *add(struct made *m, uint32_t i, uint32_t gpu, enum gs_state state, int64_t bytes)
{
    struct gs_workload *w = &m->workload[i];

    w->gpu = gpu;
    w->node = m->gpu[gpu].node;
    w->state = (uint8_t)state;
    w->bytes = w->base_bytes = bytes;
    w->host_bytes = state == GS_HOST ? bytes : 0;
    w->has_host_copy = state == GS_HOST;
    m->node[w->node].swap_used_bytes += w->host_bytes;
    m->gpu[gpu].attached++;
    m->gpu[gpu].attached_bytes += bytes;
    return w;
}

#endif
