/* setup.h - from a scenario to what the controller is told: nodes, workloads, policies. */
#ifndef GS_SETUP_H
#define GS_SETUP_H

#include "policies/controller.h"
#include "sim/base/arena.h"
#include "sim/base/error.h"
#include "sim/scenario/scenario.h"

/* Fill `setup` for workloads `spec`; nodes in arena memory. */
int setup_make(struct gs_setup *setup, const struct scenario *scenario, const struct gs_workload_spec *spec,
               uint32_t workloads, struct arena *arena, struct error *err);

/* The name of a policy that asks for the future, NULL: none does. */
const char *setup_needs_oracle(const struct scenario *scenario);

/* A controller for it, in arena memory; NULL when there is none. */
struct controller *setup_controller(const struct gs_setup *setup, struct arena *arena);

#endif
