/* node.h - live mode: the controller's commands performed on GPUs, or on the driver double. */
#ifndef GS_LIVE_NODE_H
#define GS_LIVE_NODE_H

#include "backend/backend.h"

/* One node with the first GPUs that the driver shows; workloads write words that can be checked. */
extern const struct backend_ops live_node;

/* Check every word of everybody who is resident: how many are wrong. */
int live_verify(struct backend *be, uint64_t *wrong, struct error *err);

#endif
