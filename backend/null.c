/* null.c - a device on which everything is over at once: it tests the tool itself, and shows what deciding alone costs.
 *
 * It is the simulated node with every rate beyond measure. */
#include "backend/sim_state.h"

static int open_null(struct backend **out, const struct backend_setup *setup, struct error *err)
{
    int rc = sim_open(out, setup, err);

    if (rc != GS_OK)
        return rc;
    for (uint32_t i = 0; i < (*out)->gpus; i++) {
        (*out)->device[i].speed = 1e18;
        (*out)->device[i].scales = true;
    }
    for (uint32_t i = 0; i < 2 * (*out)->gpus + (*out)->nodes; i++)
        (*out)->link[i].rate = 1e18;
    (*out)->copy = NULL;
    for (uint32_t i = 0; i < (*out)->nodes; i++) {
        (*out)->node[i].overhead_ns = (*out)->node[i].idle_detect_ns = 0;
        (*out)->node[i].host_rate = 1e20;
    }
    return GS_OK;
}

const struct backend_ops backend_null = {
    .name = "null",
    .help = "everything is over at once: for tests of the tool itself",
    .open = open_null,
    .submit = sim_submit,
    SIM_OPS,
};
