/* quantity.h - quantities of Kubernetes: "100Gi", "2500M", "1e9", "1500m". */
#ifndef GS_CLUSTER_QUANTITY_H
#define GS_CLUSTER_QUANTITY_H

#include <stdint.h>

enum { QUANTITY_WHY = 160 };

/* To a whole number, parts rounded up as Kubernetes does; at most 2^60.  GS_OK or GS_BAD_INPUT with `why`. */
int quantity_read(const char *text, int64_t *value, char why[QUANTITY_WHY]);

#endif
