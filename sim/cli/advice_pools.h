/* advice_pools.h - who shares which GPUs, who should not be swapped, and some nodes without swap for these. */
#ifndef GS_ADVICE_POOLS_H
#define GS_ADVICE_POOLS_H

#include "sim/cli/advice.h"
#include "sim/results/report.h"

/* Workloads on a GPU of node group `node`, on average, of those that may be there; `present`: workloads of each group, but
 * `count` of `instead` (NULL: as they are). */
double advice_a_gpu(const struct scenario *scenario, const double *present, size_t node,
                    const struct workload_group *instead, int64_t count);

/* The first nodes that the group may be placed on, those that swap before others. */
size_t advice_node_for(const struct scenario *scenario, const struct workload_group *group);

/* Why the group should not be where there is swapping; NULL: it may. */
const char *advice_apart(const struct scenario *scenario, const struct workload_group *group,
                         const struct report_group *found);

/* Size the pool for the groups of `advice` that have a reason to be apart; `present`: workloads of each group.  False: nobody
 * has one, or no group of nodes has so many to spare. */
bool advice_split_size(struct advice *advice, const struct scenario *scenario, const double *present);

/* The scenario with that pool, and everybody kept to his. */
int advice_split_scenario(struct scenario *out, const struct scenario *in, const struct advice *advice,
                          struct arena *arena, struct error *err);

void advice_split_text(struct text *out, const struct advice *advice);
void advice_split_json(struct text *out, const struct advice *advice);

#endif
