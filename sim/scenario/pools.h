/* pools.h - where a workload may be placed: 'nodes', a list of names of node groups. */
#ifndef GS_SCENARIO_POOLS_H
#define GS_SCENARIO_POOLS_H

#include "sim/scenario/build.h"

/* Read 'nodes' of every group of the scenario; names that are none go to build->err. */
int build_pools(struct build *build);

#endif
